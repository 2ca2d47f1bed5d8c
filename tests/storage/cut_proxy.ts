/** What a proxy does to the connections that go through it. */
export interface Faults {
  /** Cut every connection once so many bytes of bodies have gone up in all. */
  cutAfterUp?: number | undefined;
  /** The same for bytes that come down. */
  cutAfterDown?: number | undefined;
  /** Hold every connection once so many bytes have gone up in all, until {@linkcode CutProxy.release}. */
  holdAfterUp?: number | undefined;
  /** The same for bytes that come down. */
  holdAfterDown?: number | undefined;
  /** Cut every connection from this request on. */
  refuseAfter?: number | undefined;
  /** Answer each PUT and POST with this instead of handing it on: a status and S3's code. */
  refuseWrites?: { readonly status: number; readonly code: string } | undefined;
}

/** What becomes of some bytes. */
type Fate = "forward" | "hold" | "drop" | "cut";

const NO_FAULTS: Faults = {
  cutAfterUp: undefined,
  cutAfterDown: undefined,
  holdAfterUp: undefined,
  holdAfterDown: undefined,
  refuseAfter: undefined,
  refuseWrites: undefined,
};

/** A proxy before a server, of S3 for example, on the loopback address: counts requests, breaks and holds connections. */
export class CutProxy implements AsyncDisposable {
  readonly faults: Faults = {};
  /** First lines of the requests so far. */
  readonly requests: string[] = [];
  /** Connections cut so far. */
  cuts = 0;
  #up = 0;
  #down = 0;
  #released = Promise.withResolvers<void>();
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #running: Promise<void>;

  constructor(private readonly target: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#running = this.#accept();
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Bytes that have gone up. */
  get up(): number {
    return this.#up;
  }

  /** Lets go on what is held. */
  release(): void {
    Object.assign(this.faults, { holdAfterUp: undefined, holdAfterDown: undefined });
    this.#released.resolve();
    this.#released = Promise.withResolvers();
  }

  /** Counts from zero again, with these faults. */
  arm(faults: Faults): void {
    this.release();
    Object.assign(this.faults, NO_FAULTS, faults);
    this.#up = 0;
    this.#down = 0;
    this.requests.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#running;
  }

  async #accept(): Promise<void> {
    const pairs: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) pairs.push(this.#pair(client));
    } catch {
      // Closed.
    }
    await Promise.allSettled(pairs);
  }

  async #pair(client: Deno.TcpConn): Promise<void> {
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.target }).catch(() => null);
    // It has been stopped: the client hears of it as well as it can.
    if (server === null) return close(client);
    const both = [client, server];
    for (const one of both) this.#open.add(one);
    const cut = () => {
      this.cuts++;
      for (const one of both) close(one);
    };
    const pump = async (from: Deno.TcpConn, to: Deno.TcpConn, look: (chunk: Uint8Array) => Fate) => {
      const buffer = new Uint8Array(64 * 1024);
      try {
        for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
          const chunk = buffer.subarray(0, read);
          const fate = look(chunk);
          if (fate === "cut") return cut();
          if (fate === "drop") continue;
          if (fate === "hold") await this.#released.promise;
          for (let done = 0; done < chunk.length;) done += await to.write(chunk.subarray(done));
        }
      } catch {
        // One of the two has gone.
      }
      for (const one of both) close(one);
    };
    await Promise.all([
      pump(client, server, this.#lookUp(client)),
      pump(
        server,
        client,
        (chunk) => {
          const { cutAfterDown = Infinity, holdAfterDown = Infinity } = this.faults;
          this.#down += chunk.length;
          return this.#down > cutAfterDown ? "cut" : this.#down > holdAfterDown ? "hold" : "forward";
        },
      ),
    ]);
    for (const one of both) this.#open.delete(one);
  }

  /** Looks at what goes up on one connection. A request that is answered here never reaches the server. */
  #lookUp(client: Deno.TcpConn): (chunk: Uint8Array) => Fate {
    let isRefused = false;
    return (chunk) => {
      const start = new TextDecoder("latin1").decode(chunk.subarray(0, 200));
      const line = /^((?:GET|PUT|POST|HEAD|DELETE) \S+) HTTP\/1\.1\r\n/.exec(start)?.[1];
      const { refuseWrites, refuseAfter = Infinity, cutAfterUp = Infinity, holdAfterUp = Infinity } = this.faults;
      if (line !== undefined) {
        this.requests.push(line);
        isRefused = refuseWrites !== undefined && /^P/.test(line);
        if (isRefused && refuseWrites !== undefined) {
          const body = `<?xml version="1.0"?><Error><Code>${refuseWrites.code}</Code><Message>no</Message></Error>`;
          const head =
            `HTTP/1.1 ${refuseWrites.status} No\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
          client.write(new TextEncoder().encode(head + body)).catch(() => {});
        }
      }
      if (isRefused) return "drop";
      if (this.requests.length > refuseAfter) return "cut";
      this.#up += chunk.length;
      return this.#up > cutAfterUp ? "cut" : this.#up > holdAfterUp ? "hold" : "forward";
    };
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed before.
  }
}
