import { PgstrataError } from "../base/mod.ts";
import { RAW_STATE } from "./split_protocol.ts";

/** Milliseconds between looks at a file that has no more bytes yet. */
const LOOK_AGAIN = 10;

/**
 * A raw file of a directory dump, read while pg_dump may still append to it: a large table is compressed while it
 * is read from the server. What pg_dump has written it never changes.
 */
export class RawFile implements Disposable {
  readonly #file: Deno.FsFile;

  constructor(private readonly path: string, private readonly state: Int32Array) {
    this.#file = Deno.openSync(path);
  }

  /**
   * Fills `buffer`; fewer bytes mean the end of the complete file. Waits for more as long as the file grows.
   *
   * @returns bytes read
   * @throws {PgstrataError} if the dump was cancelled meanwhile
   */
  fill(buffer: Uint8Array): number {
    let filled = 0;
    while (filled < buffer.length) {
      // The state is read before the bytes: what was written before it changed is seen by the read after it.
      const state = Atomics.load(this.state, 0);
      if (state === RAW_STATE.cancelled) throw new PgstrataError(`Cannot read ${this.path}: the dump was cancelled`);
      const read = this.#file.readSync(buffer.subarray(filled));
      if (read !== null && read > 0) filled += read;
      else if (state === RAW_STATE.complete) break;
      else Atomics.wait(this.state, 0, RAW_STATE.growing, LOOK_AGAIN);
    }
    return filled;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
