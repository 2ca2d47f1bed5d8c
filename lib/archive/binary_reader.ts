import { ArchiveError, ArchiveTruncatedError } from "./archive_error.ts";
import { type TextCodec, utf8Codec } from "./text_codec.ts";

/**
 * Reads the primitives of the PGDMP format from bytes held in memory, never past their end
 * (PostgreSQL: `ReadInt`, `ReadStr`, `ReadOffset` in src/bin/pg_dump/pg_backup_archiver.c).
 */
export class BinaryReader {
  /** Sizes of an int and an offset in this archive; the header sets them. */
  intSize = 4;
  offSize = 8;
  codec: TextCodec = utf8Codec;
  #position: number;
  readonly #view: DataView;

  /** @param start where to begin; offsets in errors count from the beginning of `bytes` */
  constructor(readonly bytes: Uint8Array, start = 0) {
    this.#position = start;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes from the beginning. */
  get position(): number {
    return this.#position;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.bytes.length - this.#position;
  }

  /** One byte. */
  byte(what: string): number {
    this.#need(1, what);
    return this.#view.getUint8(this.#position++);
  }

  /** Raw bytes, not copied. */
  raw(length: number, what: string): Uint8Array {
    this.#need(length, what);
    const start = this.#position;
    this.#position += length;
    return this.bytes.subarray(start, start + length);
  }

  /** Sign byte, then magnitude, least significant byte first. */
  int(what: string): number {
    const at = this.#position;
    const sign = this.byte(what);
    if (sign > 1) throw new ArchiveError(`${what} has the sign byte ${sign}`, at);
    const magnitude = this.#unsigned(this.intSize, what);
    if (magnitude > 0x7fffffff) throw new ArchiveError(`${what} is larger than an int`, at);
    return sign === 1 ? -magnitude : magnitude;
  }

  /** Length, then bytes; a negative length is NULL. The length is checked before anything is allocated. */
  string(what: string): string | null {
    const length = this.int(what);
    if (length < 0) return null;
    const at = this.#position;
    const bytes = this.raw(length, what);
    try {
      return this.codec.decode(bytes);
    } catch (error) {
      if (error instanceof TypeError) throw new NotUtf8Error(what, at);
      throw error;
    }
  }

  /** State byte (1 not set, 2 set, 3 no data), then the position in bytes. */
  offset(what: string): { readonly state: 1 | 2 | 3; readonly position: number } {
    const at = this.#position;
    const state = this.byte(what);
    if (state !== 1 && state !== 2 && state !== 3) throw new ArchiveError(`${what} has the state ${state}`, at);
    return { state, position: this.#unsigned(this.offSize, what) };
  }

  #unsigned(size: number, what: string): number {
    const at = this.#position;
    let value = 0;
    const bytes = this.raw(size, what);
    for (let index = size - 1; index >= 0; index--) value = value * 256 + (bytes[index] ?? 0);
    if (!Number.isSafeInteger(value)) throw new ArchiveError(`${what} is too large`, at);
    return value;
  }

  #need(length: number, what: string): void {
    if (length > this.left) throw new ArchiveTruncatedError(what, this.#position);
  }
}

/** A string that is not UTF-8: the archive is read again with {@linkcode bytesCodec}. */
export class NotUtf8Error extends ArchiveError {
  constructor(what: string, offset: number) {
    super(`${what} is not UTF-8`, offset);
  }
}
