/** A TCP proxy on 127.0.0.1 that holds every chunk back for a while, each way: a distant server. */
export class DelayProxy implements Disposable {
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.Conn>();

  /** @param delay milliseconds added each way */
  constructor(
    private readonly upstream: { readonly hostname: string; readonly port: number },
    private readonly delay: number,
  ) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accept();
  }

  /** Where to connect instead. */
  get port(): number {
    return this.#listener.addr.port;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) this.#join(client);
    } catch {
      // The listener was closed.
    }
  }

  async #join(client: Deno.TcpConn): Promise<void> {
    this.#connections.add(client);
    try {
      const server = await Deno.connect(this.upstream);
      this.#connections.add(server);
      client.setNoDelay();
      server.setNoDelay();
      await Promise.all([this.#pump(client, server), this.#pump(server, client)]);
    } catch {
      // One side hung up; both are closed with the proxy or below.
    }
    close(client);
  }

  /** Chunks leave in the order they came, each `delay` after it came: latency, not a narrow line. */
  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    let tail: Promise<unknown> = Promise.resolve();
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
        const chunk = buffer.slice(0, read);
        const due = new Promise((resolve) => setTimeout(resolve, this.delay));
        const before = tail;
        tail = due.then(() => before).then(() => writeAll(to, chunk)).catch(() => {});
      }
      await tail;
    } finally {
      close(to);
    }
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
