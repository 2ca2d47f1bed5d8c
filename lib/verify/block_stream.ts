import { ArchiveError, ArchiveTruncatedError, type BlockEvent, LARGEST_CHUNK } from "../archive/mod.ts";

/**
 * Reads the blocks of a custom archive that comes in pieces of any size, such as the output of a running `pg_dump`
 * (`readBlocks` pulls from a file instead). A chunk is handed on as it comes, in several events if need be: chunk
 * borders mean nothing. Memory is one piece and a header.
 */
export class BlockStream {
  #state: "kind" | "dump_id" | "oid" | "length" | "chunk" = "kind";
  /** Whether the chunks are a large object's. */
  #inLargeObjects = false;
  #kind = 0;
  #header = new Uint8Array(5);
  #headerLength = 0;
  #blockStart: number;
  #left = 0;
  #position: number;

  /**
   * @param start where the blocks begin, in bytes
   * @param intSize bytes of an int, from the archive's header
   * @param onEvent given what {@linkcode BlockEvent} says; bytes of a chunk are valid until it returns
   */
  constructor(start: number, private readonly intSize: number, private readonly onEvent: (event: BlockEvent) => void) {
    this.#position = start;
    this.#blockStart = start;
  }

  /**
   * The next bytes.
   *
   * @throws {ArchiveError} on damage, with the byte
   */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "chunk") {
        const length = Math.min(this.#left, bytes.length - at);
        this.onEvent({ type: "chunk", bytes: bytes.subarray(at, at + length), offset: this.#position });
        at += length;
        this.#position += length;
        this.#left -= length;
        if (this.#left === 0) this.#state = "length";
        continue;
      }
      if (this.#state === "kind") {
        this.#blockStart = this.#position;
        this.#kind = bytes[at++] ?? 0;
        this.#position++;
        if (this.#kind !== 1 && this.#kind !== 3) {
          throw new ArchiveError(`a block is of the unknown kind ${this.#kind}`, this.#blockStart);
        }
        this.#state = "dump_id";
        continue;
      }
      const taken = Math.min(1 + this.intSize - this.#headerLength, bytes.length - at);
      for (let index = 0; index < taken; index++) this.#header[this.#headerLength + index] = bytes[at + index] ?? 0;
      this.#headerLength += taken;
      at += taken;
      this.#position += taken;
      if (this.#headerLength === 1 + this.intSize) this.#takeInt();
    }
  }

  /**
   * Nothing follows.
   *
   * @throws {ArchiveTruncatedError} if a block is not complete
   */
  end(): void {
    if (this.#state !== "kind") throw new ArchiveTruncatedError("a block", this.#position);
  }

  #takeInt(): void {
    const offset = this.#position - this.#headerLength;
    this.#headerLength = 0;
    let value = 0;
    for (let index = this.intSize; index >= 1; index--) value = value * 256 + (this.#header[index] ?? 0);
    // pg_dump writes oids as signed ints: those from 2^31 on are negative.
    if (this.#header[0] !== 0 && this.#state === "oid") value = 2 ** 32 - value;
    else if (this.#header[0] !== 0) throw new ArchiveError("a number in a block is negative", offset);
    if (this.#state === "dump_id") this.#beginBlock(value, offset);
    else if (this.#state === "oid") this.#beginLargeObject(value, offset);
    else this.#beginChunk(value, offset);
  }

  #beginBlock(dumpId: number, offset: number): void {
    if (dumpId === 0) throw new ArchiveError("a block's dump id is 0", offset);
    this.#inLargeObjects = this.#kind === 3;
    this.onEvent({ type: this.#inLargeObjects ? "large_objects" : "data", dumpId, offset: this.#blockStart });
    this.#state = this.#inLargeObjects ? "oid" : "length";
  }

  #beginLargeObject(oid: number, offset: number): void {
    if (oid === 0) {
      this.#inLargeObjects = false;
      this.#state = "kind";
      return this.onEvent({ type: "end", offset: this.#position });
    }
    this.onEvent({ type: "large_object", oid, offset });
    this.#state = "length";
  }

  #beginChunk(length: number, offset: number): void {
    if (length === 0) {
      this.#state = this.#inLargeObjects ? "oid" : "kind";
      return this.onEvent({ type: "end", offset: this.#position });
    }
    if (length > LARGEST_CHUNK) throw new ArchiveError(`a chunk's length is ${length}`, offset);
    this.#left = length;
    this.#state = "chunk";
  }
}
