import { createHash, type Hash } from "node:crypto";
import {
  BLOCK_END,
  blockCompressor,
  CHUNK_SIZE,
  chunkHead,
  COPY_END,
  countLines,
  dataBlockStart,
} from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";
import { FILE_MODE } from "../system/mod.ts";
import { HashedOutput, writeAll } from "./hashed_output.ts";
import { RawFile } from "./raw_file.ts";
import type { SplitTableJob, SplitTableResult } from "./split_protocol.ts";

/** One for all jobs of a worker: thousands of small tables must not make thousands of large buffers. */
const buffer = new Uint8Array(CHUNK_SIZE);

/**
 * The one pass over a table's raw COPY text: writes `data.sql`, counts and hashes the rows, compresses them into a
 * framed block. The raw file is removed. Memory is a few chunks of 1 MiB. Blocks: it runs in a worker.
 *
 * @param onProgress told the bytes read so far, once per chunk
 * @throws {PgstrataError} if the raw file does not end as COPY text does
 */
export function splitTable(job: SplitTableJob, onProgress: (bytes: number) => void): SplitTableResult {
  const begun = performance.now();
  using raw = new RawFile(job.rawPath, job.state);
  using block = job.blockPath === null ? null : new BlockFile(job.blockPath, job);
  using data = job.data === null ? null : new HashedOutput(job.data.path);
  if (job.data !== null) data?.write(job.data.head);
  const rows = new RowCounter();
  let total = 0;
  for (let filled = raw.fill(buffer); filled > 0; filled = raw.fill(buffer)) {
    const piece = buffer.subarray(0, filled);
    rows.push(piece);
    data?.write(piece);
    block?.write(piece);
    total += filled;
    onProgress(total);
    if (filled < buffer.length) break;
  }
  const counted = rows.end(job.rawPath);
  if (job.data !== null) data?.write(job.data.tail);
  const blockBytes = block?.end() ?? 0;
  Deno.removeSync(job.rawPath);
  return {
    ...counted,
    blockBytes,
    dataBytes: data?.bytes ?? 0,
    dataSha256: data?.digest() ?? "",
    duration: performance.now() - begun,
  };
}

/** Counts and hashes COPY data that ends with {@linkcode COPY_END}, which is not part of it. */
class RowCounter {
  readonly #hash: Hash = createHash("sha256");
  /** The last bytes seen: they may be the end marker. */
  #tail: Uint8Array = new Uint8Array(0);
  #rows = 0;
  #bytes = 0;

  push(piece: Uint8Array): void {
    const keep = COPY_END.length;
    if (piece.length >= keep) {
      this.#add(this.#tail);
      this.#add(piece.subarray(0, piece.length - keep));
      this.#tail = piece.slice(piece.length - keep);
      return;
    }
    const joined = new Uint8Array(this.#tail.length + piece.length);
    joined.set(this.#tail);
    joined.set(piece, this.#tail.length);
    this.#add(joined.subarray(0, Math.max(0, joined.length - keep)));
    this.#tail = joined.slice(Math.max(0, joined.length - keep));
  }

  end(path: string): { readonly rows: number; readonly bytes: number; readonly sha256: string } {
    if (this.#tail.length !== COPY_END.length || this.#tail.some((byte, index) => byte !== COPY_END[index])) {
      throw new PgstrataError(`Cannot read ${path}: it does not end as COPY text does`, {
        hint: "pg_dump wrote an incomplete file. Run the backup again; if it happens again, report it.",
      });
    }
    return { rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  #add(bytes: Uint8Array): void {
    this.#rows += countLines(bytes);
    this.#bytes += bytes.length;
    this.#hash.update(bytes);
  }
}

/** The framed block of one entry, written chunk by chunk. */
class BlockFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #compressor;
  #bytes = 0;

  constructor(path: string, job: Pick<SplitTableJob, "dumpId" | "compression">) {
    this.#file = Deno.openSync(path, { write: true, createNew: true, mode: FILE_MODE });
    this.#compressor = blockCompressor(job.compression);
    this.#put(dataBlockStart(job.dumpId));
  }

  write(piece: Uint8Array): void {
    this.#chunk(this.#compressor.compress(piece));
  }

  /** @returns bytes of the block */
  end(): number {
    this.#chunk(this.#compressor.end());
    this.#put(BLOCK_END);
    return this.#bytes;
  }

  /** An empty chunk would end the block. */
  #chunk(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#put(chunkHead(bytes.length));
    this.#put(bytes);
  }

  #put(bytes: Uint8Array): void {
    writeAll(this.#file, bytes);
    this.#bytes += bytes.length;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
