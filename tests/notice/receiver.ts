/** What a receiver got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly type: string | null;
  readonly body: string;
}

/** How a receiver answers: a status, `hang` for never, `close` for a cut connection. The last one repeats. */
export type Answer = number | "hang" | "close";

/** A raw HTTP server on 127.0.0.1 that keeps what it gets. Raw, so that it can hang and cut connections. */
export class Receiver implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.Conn>();
  readonly #done: Promise<void>;

  constructor(private readonly answers: Answer[] = [200]) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#done = this.#serve();
  }

  url(path = "/"): string {
    return `http://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}${path}`;
  }

  async #serve(): Promise<void> {
    const connections: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      connections.push(this.#answer(connection).catch(() => {}));
    }
    await Promise.all(connections);
  }

  async #answer(connection: Deno.Conn): Promise<void> {
    const request = await readRequest(connection);
    this.received.push(request);
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    if (answer === "hang") return;
    if (typeof answer === "number") {
      const location = answer >= 300 && answer < 400 ? "location: http://127.0.0.1:1/elsewhere\r\n" : "";
      const text = `HTTP/1.1 ${answer} X\r\n${location}content-length: 2\r\nconnection: close\r\n\r\nok`;
      await connection.write(new TextEncoder().encode(text));
    }
    this.#open.delete(connection);
    connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) connection.close();
    await this.#done;
  }
}

async function readRequest(connection: Deno.Conn): Promise<Received> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const end = text.indexOf("\r\n\r\n");
    const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
    if (end !== -1 && new TextEncoder().encode(text.slice(end + 4)).length >= length) {
      const [method = "", path = ""] = text.split(" ");
      const type = /^content-type: (.*)$/im.exec(text)?.[1]?.trim() ?? null;
      return { method, path, type, body: text.slice(end + 4) };
    }
    const read = await connection.read(buffer);
    if (read === null) throw new Error("the request was cut");
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
  }
}
