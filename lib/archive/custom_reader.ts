import { ArchiveError, ArchiveTruncatedError } from "./archive_error.ts";
import { CHUNK_SIZE } from "./blocks.ts";

/** Gives up to `length` bytes from where it stands; fewer only at the end of the file. */
export type ReadBytes = (length: number) => Uint8Array;

/** What stands in the data part of a custom archive, in order. */
export type BlockEvent =
  | { readonly type: "data"; readonly dumpId: number; readonly offset: number }
  | { readonly type: "large_objects"; readonly dumpId: number; readonly offset: number }
  | { readonly type: "large_object"; readonly oid: number; readonly offset: number }
  /** Compressed bytes of the block or large object begun last; valid until the next event. */
  | { readonly type: "chunk"; readonly bytes: Uint8Array; readonly offset: number }
  /** Ends the block or large object begun last. */
  | { readonly type: "end"; readonly offset: number };

/**
 * No archive has larger chunks; one that says so is damaged. Uncompressed, pg_dump writes each row as a chunk, and COPY
 * makes no longer one (PostgreSQL: `MaxAllocSize`).
 */
export const LARGEST_CHUNK = 1024 * 1024 * 1024;

/**
 * Reads the blocks of a custom archive one after the other (PostgreSQL: `_PrintTocData`,
 * `_readBlockHeader` in src/bin/pg_dump/pg_backup_custom.c). A large chunk comes in several events: chunk borders mean
 * nothing, and memory stays at one piece.
 *
 * @param read stands where the table of contents ends
 * @param start that position in bytes
 * @param intSize bytes of an int, from the header
 * @throws {ArchiveError} on damage, with the byte
 */
export function* readBlocks(read: ReadBytes, start: number, intSize = 4): Generator<BlockEvent> {
  const input = new BlockInput(read, start, intSize);
  for (;;) {
    const offset = input.position;
    const kind = input.kind();
    if (kind === null) return;
    if (kind !== 1 && kind !== 3) throw new ArchiveError(`a block is of the unknown kind ${kind}`, offset);
    const dumpId = input.int("a block's dump id");
    if (dumpId <= 0) throw new ArchiveError(`a block's dump id is ${dumpId}`, offset);
    if (kind === 1) {
      yield { type: "data", dumpId, offset };
      yield* input.chunks();
      continue;
    }
    yield { type: "large_objects", dumpId, offset };
    for (;;) {
      const at = input.position;
      const signed = input.int("a large object's oid");
      if (signed === 0) break;
      // pg_dump writes oids as signed ints: those from 2^31 on are negative.
      const oid = signed < 0 ? signed + 2 ** 32 : signed;
      if (oid < 0) throw new ArchiveError(`a large object's oid is ${signed}`, at);
      yield { type: "large_object", oid, offset: at };
      yield* input.chunks();
    }
    yield { type: "end", offset: input.position };
  }
}

class BlockInput {
  constructor(
    private readonly read: ReadBytes,
    public position: number,
    private readonly intSize: number,
  ) {}

  kind(): number | null {
    const bytes = this.read(1);
    this.position += bytes.length;
    return bytes[0] ?? null;
  }

  int(what: string): number {
    const at = this.position;
    const bytes = this.#exactly(1 + this.intSize, what);
    const sign = bytes[0] ?? 0;
    if (sign > 1) throw new ArchiveError(`${what} has the sign byte ${sign}`, at);
    let value = 0;
    for (let index = this.intSize; index >= 1; index--) value = value * 256 + (bytes[index] ?? 0);
    return sign === 1 ? -value : value;
  }

  *chunks(): Generator<BlockEvent> {
    for (;;) {
      const at = this.position;
      const length = this.int("a chunk's length");
      if (length === 0) break;
      if (length < 0 || length > LARGEST_CHUNK) throw new ArchiveError(`a chunk's length is ${length}`, at);
      for (let left = length; left > 0;) {
        const { position } = this;
        const bytes = this.#exactly(Math.min(left, CHUNK_SIZE), "a chunk");
        yield { type: "chunk", bytes, offset: left === length ? at : position };
        left -= bytes.length;
      }
    }
    yield { type: "end", offset: this.position };
  }

  #exactly(length: number, what: string): Uint8Array {
    const bytes = this.read(length);
    if (bytes.length < length) throw new ArchiveTruncatedError(what, this.position + bytes.length);
    this.position += length;
    return bytes;
  }
}
