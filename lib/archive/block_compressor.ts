import { constants, deflateRawSync, zstdCompressSync } from "node:zlib";
import { adler32 } from "./adler32.ts";

/** How the blocks of an archive are compressed. */
export interface BlockCompression {
  readonly algorithm: "none" | "gzip" | "zstd";
  readonly level: number;
}

/**
 * Compresses one block of a custom archive, piece by piece: each call gives the bytes of one chunk.
 * All chunks of a block are one stream for `pg_restore`.
 */
export interface BlockCompressor {
  /** One piece, of {@linkcode CHUNK_SIZE} bytes or less. */
  compress(piece: Uint8Array): Uint8Array;
  /** What ends the stream; may be empty. Without any piece it still makes a whole stream. */
  end(): Uint8Array;
}

/** A compressor for one block. */
export function blockCompressor({ algorithm, level }: BlockCompression): BlockCompressor {
  switch (algorithm) {
    case "none":
      return { compress: (piece) => piece, end: () => new Uint8Array(0) };
    case "gzip":
      return new DeflateBlock(level);
    case "zstd":
      return new ZstdBlock(level);
  }
}

/**
 * A frame per piece: pg_restore takes the next chunk as the next frame. The checksum flag lets it check the
 * content, which archives of pg_dump itself do not offer.
 */
class ZstdBlock implements BlockCompressor {
  #empty = true;

  constructor(private readonly level: number) {}

  compress(piece: Uint8Array): Uint8Array {
    this.#empty = false;
    return zstdCompressSync(piece, {
      params: { [constants.ZSTD_c_compressionLevel]: this.level, [constants.ZSTD_c_checksumFlag]: 1 },
    });
  }

  end(): Uint8Array {
    return this.#empty ? this.compress(new Uint8Array(0)) : new Uint8Array(0);
  }
}

/**
 * One zlib stream out of pieces that are deflated apart, each flushed to a byte border (RFC 1950, 1951):
 * two bytes of head with the first piece, an empty last block and the Adler-32 of everything at the end.
 */
class DeflateBlock implements BlockCompressor {
  #checksum = 1;
  #begun = false;

  constructor(private readonly level: number) {}

  compress(piece: Uint8Array): Uint8Array {
    this.#checksum = adler32(piece, this.#checksum);
    const deflated = deflateRawSync(piece, { level: this.level, finishFlush: constants.Z_SYNC_FLUSH });
    if (this.#begun) return deflated;
    this.#begun = true;
    return concat(new Uint8Array([0x78, 0x9c]), deflated);
  }

  end(): Uint8Array {
    const tail = new Uint8Array(6);
    tail[0] = 0x03;
    new DataView(tail.buffer).setUint32(2, this.#checksum);
    return this.#begun ? tail : concat(new Uint8Array([0x78, 0x9c]), tail);
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
