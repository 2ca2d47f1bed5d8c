import { createHash } from "node:crypto";
import { COPY_END, countLines } from "../archive/mod.ts";

/** Rows of a table as COPY text: number, bytes without the end marker, SHA-256 of those bytes (hex). */
export interface CopyContent {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** Bytes gathered before they are hashed: pg_dump writes a chunk for each row. Small tables get by with less. */
const GATHERED = 256 * 1024;
const FIRST_BUFFER = 4 * 1024;

/** Counts and hashes the COPY data of one table, piece by piece. */
export class CopyDigest {
  readonly #hash = createHash("sha256");
  #buffer = new Uint8Array(FIRST_BUFFER);
  #filled = 0;
  #rows = 0;
  #bytes = 0;

  /** @param marked whether the data ends with the end marker, which is not part of it (blocks of archives) */
  constructor(private readonly marked: boolean) {}

  /** The next bytes. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#filled === this.#buffer.length) this.#grow();
      const taken = Math.min(this.#buffer.length - this.#filled, bytes.length - at);
      this.#buffer.set(taken === bytes.length ? bytes : bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === GATHERED) this.#flush(this.marked ? COPY_END.length : 0);
    }
  }

  /** Nothing follows; null if the end marker is missing where there should be one. */
  end(): CopyContent | null {
    const keep = this.marked ? COPY_END.length : 0;
    this.#flush(keep);
    if (this.#filled !== keep) return null;
    for (let index = 0; index < keep; index++) if (this.#buffer[index] !== COPY_END[index]) return null;
    return { rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  #grow(): void {
    const larger = new Uint8Array(Math.min(4 * this.#buffer.length, GATHERED));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  #flush(keep: number): void {
    const length = Math.max(0, this.#filled - keep);
    const piece = this.#buffer.subarray(0, length);
    this.#rows += countLines(piece);
    this.#bytes += length;
    this.#hash.update(piece);
    this.#buffer.copyWithin(0, length, this.#filled);
    this.#filled -= length;
  }
}
