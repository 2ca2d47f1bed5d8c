import { createHash } from "node:crypto";
import { FILE_MODE } from "../system/mod.ts";

/** A new file (mode 0600) that is hashed while it is written. Calls block: it is for workers. */
export class HashedOutput implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #hash = createHash("sha256");
  #bytes = 0;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { write: true, createNew: true, mode: FILE_MODE });
  }

  /** Bytes written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes all of `bytes`. */
  write(bytes: Uint8Array): void {
    writeAll(this.#file, bytes);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  /** SHA-256 (hex) of everything written; the last call. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Bytes handed to the system at a time. Larger writes leave the CPU's cache: measured, 1 MiB costs three times as much. */
const WRITE_SIZE = 64 * 1024;

/** Writes all of `bytes`, however many calls the system takes for it. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written, written + WRITE_SIZE));
  }
}
