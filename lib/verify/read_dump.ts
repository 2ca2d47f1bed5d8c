import { ArchiveTruncatedError, type LargeObjectContent, readToc, type Toc } from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";
import { dumpError, type ToolSet } from "../postgres/mod.ts";
import { runProcess } from "../system/mod.ts";
import { BlockStream } from "./block_stream.ts";
import type { CopyContent } from "./copy_digest.ts";
import { DumpDigests } from "./dump_digests.ts";

/** What one read of a database by `pg_dump` showed. */
export interface DumpReading {
  readonly toc: Toc;
  /** Rows of each TABLE DATA entry, by dumpId. */
  readonly tables: ReadonlyMap<number, CopyContent>;
  readonly largeObjects: readonly LargeObjectContent[];
}

/** How to read. */
export interface ReadDumpOptions {
  readonly tools: ToolSet;
  /** Where to connect; see `toolEnvironment`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly content: "all" | "schema-only" | "data-only";
  /** More arguments, such as patterns. */
  readonly args?: readonly string[];
  readonly signal: AbortSignal;
  /** Told bytes read since the last call. */
  readonly onProgress?: (bytes: number) => void;
}

/** Most bytes of a table of contents: a database of a million objects has a tenth of it. */
const LARGEST_TOC = 1024 * 1024 * 1024;

/**
 * Reads a database through `pg_dump --format=custom --compress=0` into nothing: the table of contents is kept, rows and
 * large objects are counted and hashed as they pass. One snapshot, one connection, no disk, bounded memory; and the
 * COPY text is what a backup of the database would hold.
 *
 * @throws {PgstrataError} see `dumpError`
 * @throws {UnknownArchiveVersionError} if this pg_dump writes a format we do not know
 */
export async function readDump(options: ReadDumpOptions): Promise<DumpReading> {
  const digests = new DumpDigests();
  const head = new TocHead();
  let blocks: BlockStream | null = null;
  try {
    await runProcess({
      program: options.tools.program("pg_dump"),
      args: [
        ...["--format=custom", "--compress=0", "--no-password", "--no-sync"],
        ...(options.content === "all" ? [] : [`--${options.content}`]),
        ...(options.args ?? []),
      ],
      env: options.environment,
      signal: options.signal,
    }, (bytes) => {
      options.onProgress?.(bytes.length);
      if (blocks === null) {
        const rest = head.push(bytes);
        if (rest === null) return;
        blocks = new BlockStream(head.length, 4, (event) => digests.take(event));
        blocks.push(rest);
      } else blocks.push(bytes);
    });
  } catch (error) {
    throw dumpError(error);
  }
  if (blocks === null) {
    const rest = head.finish();
    blocks = new BlockStream(head.length, 4, (event) => digests.take(event));
    blocks.push(rest);
  }
  (blocks as BlockStream).end();
  if (head.toc === null) throw new PgstrataError("Cannot read the database: pg_dump wrote no table of contents");
  return { toc: head.toc, tables: digests.tables, largeObjects: digests.largeObjects };
}

/** Gathers the beginning of an archive until its table of contents is complete. */
class TocHead {
  toc: Toc | null = null;
  length = 0;
  #bytes = new Uint8Array(64 * 1024);
  #filled = 0;
  /** Bytes to wait for before the next try: each doubles, so that a long one is not parsed over and over. */
  #next = 0;

  /** @returns what follows the table of contents, once it is complete */
  push(bytes: Uint8Array): Uint8Array | null {
    this.#grow(this.#filled + bytes.length);
    this.#bytes.set(bytes, this.#filled);
    this.#filled += bytes.length;
    if (this.#filled < this.#next) return null;
    try {
      return this.finish();
    } catch (error) {
      if (!(error instanceof ArchiveTruncatedError) || this.#filled > LARGEST_TOC) throw error;
      this.#next = 2 * this.#filled;
      return null;
    }
  }

  /** Nothing follows; @returns what stands after the table of contents. */
  finish(): Uint8Array {
    const { toc, length } = readToc(this.#bytes.subarray(0, this.#filled));
    this.toc = toc;
    this.length = length;
    const rest = this.#bytes.slice(length, this.#filled);
    this.#bytes = new Uint8Array(0);
    return rest;
  }

  #grow(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, needed));
    larger.set(this.#bytes.subarray(0, this.#filled));
    this.#bytes = larger;
  }
}
