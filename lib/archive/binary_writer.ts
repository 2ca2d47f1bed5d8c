import type { TextCodec } from "./text_codec.ts";

const INT_SIZE = 4;
const OFFSET_SIZE = 8;

/** Writes the primitives of the PGDMP format: 4-byte ints and 8-byte offsets, least significant byte first. */
export class BinaryWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** @param capacity bytes to begin with; it grows */
  constructor(readonly codec: TextCodec, capacity = 64 * 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  int(value: number): void {
    this.byte(value < 0 ? 1 : 0);
    this.#unsigned(Math.abs(value), INT_SIZE);
  }

  string(value: string | null): void {
    if (value === null) return this.int(-1);
    const bytes = this.codec.encode(value);
    this.int(bytes.length);
    this.raw(bytes);
  }

  offset(state: 1 | 2 | 3, position: number): void {
    this.byte(state);
    this.#unsigned(position, OFFSET_SIZE);
  }

  #unsigned(value: number, size: number): void {
    let rest = value;
    for (let index = 0; index < size; index++) {
      this.byte(rest % 256);
      rest = Math.floor(rest / 256);
    }
  }

  #grow(by: number): void {
    if (this.#length + by <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + by));
    larger.set(this.bytes());
    this.#bytes = larger;
  }
}
