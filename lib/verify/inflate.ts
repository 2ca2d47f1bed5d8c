import { Buffer } from "node:buffer";
import { createInflate, type Inflate } from "node:zlib";

/** Compressed bytes gathered before they are inflated: pg_dump's chunks have a few KiB. */
const GATHERED = 256 * 1024;

/** One zlib stream, inflated piece by piece. Every damage rejects; memory is bounded. */
export class InflateStream {
  readonly #stream: Inflate = createInflate({ chunkSize: 256 * 1024 });
  readonly #ended = Promise.withResolvers<void>();
  #failure: Error | null = null;
  #pieces: Uint8Array[] = [];
  #gathered = 0;
  #total = 0;

  constructor(onData: (bytes: Uint8Array) => void) {
    this.#ended.promise.catch(() => {}); // Awaited in end().
    this.#stream.on("data", (bytes: Buffer) => onData(bytes));
    this.#stream.on("end", () => this.#ended.resolve());
    this.#stream.on("error", (error: Error) => {
      this.#failure = error;
      this.#ended.reject(error);
    });
  }

  /** The next bytes; they are copied. */
  async push(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(bytes.slice());
    this.#gathered += bytes.length;
    this.#total += bytes.length;
    if (this.#gathered >= GATHERED) await this.#write();
  }

  /** Nothing follows: waits for the rest. @throws {Error} if the stream is damaged, cut short or followed by bytes */
  async end(): Promise<void> {
    if (this.#gathered > 0) await this.#write();
    this.#stream.end();
    await this.#ended.promise;
    if (this.#stream.bytesWritten !== this.#total) throw new Error("bytes follow the compressed data");
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  async #write(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#gathered = 0;
    if (this.#failure !== null) throw this.#failure;
    const written = new Promise<void>((resolve, reject) =>
      this.#stream.write(bytes, (error) => error ? reject(error) : resolve())
    );
    await Promise.race([written, this.#ended.promise]);
    if (this.#failure !== null) throw this.#failure;
  }
}
