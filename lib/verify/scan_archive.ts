import { createHash, type Hash } from "node:crypto";
import {
  ArchiveError,
  type ArchiveFinding,
  type BlockEvent,
  type LargeObjectContent,
  readBlocks,
  type Toc,
  type TocEntry,
} from "../archive/mod.ts";
import { messageOf } from "../base/mod.ts";
import { ProcessError, runProcess } from "../system/mod.ts";
import { FileBytes, readTocOfFile } from "./archive_file.ts";
import type { CopyContent } from "./copy_digest.ts";
import { DataScript } from "./data_script.ts";
import { DumpDigests } from "./dump_digests.ts";
import { InflateStream } from "./inflate.ts";

/** What reading a whole archive showed. */
export interface ArchiveScan {
  /** Null if it cannot be read. */
  readonly toc: Toc | null;
  /** Rows of each TABLE DATA entry whose data could be read, by dumpId. */
  readonly tables: ReadonlyMap<number, CopyContent>;
  readonly largeObjects: readonly LargeObjectContent[];
  /** SHA-256 of each entry's data as it stands in the archive, compressed, by dumpId. */
  readonly blocks: ReadonlyMap<number, string>;
  /** `offset` null: it is not known where. `dumpId`: the entry it is about. */
  readonly findings: readonly ScanFinding[];
  /** Why the data was not read; null if it was, as far as it is whole. */
  readonly unread: string | null;
  /** Whether `pg_restore` has read the data. */
  readonly throughTool: boolean;
}

/** Something wrong in an archive. */
export interface ScanFinding {
  readonly message: string;
  readonly offset: number | null;
  readonly dumpId: number | null;
}

/** What a scan needs. */
export interface ScanOptions {
  /** Path of `pg_restore`, for data compressed with zstd or lz4; null: such data is not read. */
  readonly pgRestore: string | null;
  /** Whether the rows are read, or only the frame and the blocks as they are. */
  readonly rows: boolean;
  readonly signal: AbortSignal;
}

/**
 * Reads a custom archive to its end: table of contents, every block and its compressed data, counting and hashing rows
 * and large objects. Damage is a finding, never an error. Memory is a few MiB beside the table of contents.
 *
 * Uncompressed and zlib data are read here; zstd by `pg_restore`, since Node's zstd takes cut input for whole.
 */
export async function scanArchive(path: string, options: ScanOptions): Promise<ArchiveScan> {
  let reading;
  try {
    reading = await readTocOfFile(path);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const nothing = { tables: new Map(), largeObjects: [], blocks: new Map() };
    return { toc: null, ...nothing, findings: [findingOf(error)], unread: null, throughTool: false };
  }
  const { toc, length } = reading;
  const scanner = new Scanner(toc, reading.findings);
  const inflates = toc.header.compression === "gzip";
  const reads = inflates || toc.header.compression === "none";
  const data = options.rows && reads ? (inflates ? "inflate" : "plain") : "skip";
  await scanner.readFrame(path, length, data, options.signal);
  if (options.rows && !reads) await scanner.readThroughTool(path, options);
  return scanner.result();
}

class Scanner {
  readonly #findings: ScanFinding[];
  readonly #digests = new DumpDigests();
  readonly #byDumpId: ReadonlyMap<number, TocEntry>;
  readonly #seen = new Set<number>();
  readonly #blocks = new BlockHashes();
  #script: DataScript | null = null;
  #unread: string | null = null;

  constructor(private readonly toc: Toc, findings: readonly ArchiveFinding[]) {
    this.#findings = findings.map((finding) => ({ ...finding, dumpId: null }));
    this.#byDumpId = new Map(toc.entries.map((entry) => [entry.dumpId, entry]));
  }

  /** Reads the frame of all blocks and, unless skipped, the data in it. */
  async readFrame(
    path: string,
    start: number,
    data: "plain" | "inflate" | "skip",
    signal: AbortSignal,
  ): Promise<void> {
    using file = new FileBytes(path, start);
    let current: number | null = null;
    let inflate: InflateStream | null = null;
    try {
      for (const event of readBlocks(file.read, start)) {
        signal.throwIfAborted();
        this.#blocks.take(event);
        if (event.type === "data" || event.type === "large_objects") {
          current = event.dumpId;
          this.#checkBlock(event.dumpId, event.type, event.offset);
        }
        if (data === "skip") continue;
        if (data === "plain") {
          this.#digests.take(event);
          continue;
        }
        if (event.type === "chunk") {
          inflate ??= new InflateStream((bytes) => this.#digests.take({ type: "chunk", bytes, offset: 0 }));
          try {
            await inflate.push(event.bytes);
          } catch (error) {
            this.#note(`the compressed data is damaged: ${messageOf(error)}`, event.offset, current);
            inflate[Symbol.dispose]();
            return;
          }
          continue;
        }
        if (event.type === "end" && inflate !== null) {
          try {
            await inflate.end();
          } catch (error) {
            this.#note(`the compressed data is damaged: ${messageOf(error)}`, event.offset, current);
            return;
          } finally {
            inflate[Symbol.dispose]();
            inflate = null;
          }
        }
        this.#digests.take(event);
      }
      this.#checkMissing();
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      this.#findings.push({ ...findingOf(error), dumpId: current });
    } finally {
      inflate?.[Symbol.dispose]();
    }
  }

  /** Has `pg_restore` print the data: PostgreSQL's own reader of zstd and lz4. */
  async readThroughTool(path: string, { pgRestore, signal }: ScanOptions): Promise<void> {
    if (pgRestore === null) {
      this.#unread = `its data is compressed with ${this.toc.header.compression}, which no pg_restore here reads`;
      return;
    }
    const entries = this.toc.entries.filter((entry) => entry.desc === "TABLE DATA" && entry.hasData);
    const script = new DataScript(entries, (text) => this.toc.codec.encode(text));
    this.#script = script;
    try {
      const args = ["--data-only", "--file=-", path];
      await runProcess({ program: pgRestore, args, signal }, (chunk) => script.push(chunk));
      script.end();
    } catch (error) {
      if (error instanceof ArchiveError) this.#note("the rows do not end with \\.", null, script.current);
      else if (error instanceof ProcessError) {
        this.#note(`pg_restore cannot read it: ${error.stderr.trim().split("\n").at(-1) ?? error.message}`, null, null);
      } else throw error;
    }
  }

  result(): ArchiveScan {
    for (const dumpId of this.#digests.unended) this.#note("the rows do not end with \\.", null, dumpId);
    const { tables, largeObjects } = this.#script ?? this.#digests;
    const blocks = this.#blocks.end();
    return {
      toc: this.toc,
      tables,
      largeObjects,
      blocks,
      findings: this.#findings,
      unread: this.#unread,
      throughTool: this.#script !== null,
    };
  }

  #checkBlock(dumpId: number, type: "data" | "large_objects", offset: number): void {
    const entry = this.#byDumpId.get(dumpId);
    const position = entry?.dataOffset;
    if (entry === undefined || !entry.hasData) {
      this.#note(`a block belongs to entry ${dumpId}, which has no data`, offset, dumpId);
    } else if ((entry.desc === "BLOBS") !== (type === "large_objects")) {
      this.#note(`the block of entry ${dumpId} is of the wrong kind`, offset, dumpId);
    } else if (this.#seen.has(dumpId)) this.#note(`the block of entry ${dumpId} stands twice`, offset, dumpId);
    else if (position?.state === 2 && position.position !== offset) {
      this.#note(`the block of entry ${dumpId} stands at ${offset}, not at ${position.position}`, offset, dumpId);
    }
    this.#seen.add(dumpId);
  }

  #checkMissing(): void {
    for (const entry of this.toc.entries) {
      // 3: pg_dump found nothing to write.
      if (!entry.hasData || this.#seen.has(entry.dumpId) || entry.dataOffset?.state === 3) continue;
      this.#note(`the block of entry ${entry.dumpId} is missing`, null, entry.dumpId);
    }
  }

  #note(message: string, offset: number | null, dumpId: number | null): void {
    this.#findings.push({ message, offset, dumpId });
  }
}

/** Hashes blocks as they stand; where their chunks are cut means nothing. */
class BlockHashes {
  readonly #done = new Map<number, string>();
  #current: { readonly dumpId: number; readonly hash: Hash } | null = null;

  take(event: BlockEvent): void {
    if (event.type === "chunk") this.#current?.hash.update(event.bytes);
    else if (event.type === "large_object") this.#current?.hash.update(`${event.oid}\n`);
    else if (event.type !== "end") {
      this.end();
      this.#current = { dumpId: event.dumpId, hash: createHash("sha256") };
    }
  }

  end(): ReadonlyMap<number, string> {
    if (this.#current !== null) this.#done.set(this.#current.dumpId, this.#current.hash.digest("hex"));
    this.#current = null;
    return this.#done;
  }
}

function findingOf(error: ArchiveError): ScanFinding {
  return { message: error.message, offset: error.offset, dumpId: null };
}
