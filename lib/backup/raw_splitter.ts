import { join } from "@std/path";
import {
  type LargeObjectContent,
  type TableEntries,
  type TableGrouping,
  TableSqlWriter,
  type Toc,
  type TocEntry,
} from "../archive/mod.ts";
import { TABLE_FILES } from "../catalog/mod.ts";
import type { Relation } from "../inventory/mod.ts";
import type { TableOutcome } from "./read_outcome.ts";
import type { ReadPlan } from "./read_plan.ts";
import { RAW_STATE, type SplitTableJob, type SplitTableResult } from "./split_protocol.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** A table of this size or more, in bytes, is read while it still grows, if a worker has nothing else to do. */
const FOLLOW_FROM = 32 * 1024 * 1024;

/** Milliseconds between looks for large raw files that have begun. */
const LOOK_EVERY = 50;

/** Everything that was split off the raw files. */
export interface SplitOutcome {
  /** By OID. */
  readonly tables: ReadonlyMap<number, TableOutcome>;
  readonly largeObjects: readonly LargeObjectContent[];
  /** Bytes of each entry's framed block, by dumpId. */
  readonly blockLengths: ReadonlyMap<number, number>;
}

/** Hands raw files to the workers, complete ones as they are told, large ones as soon as they begin. */
export class RawSplitter {
  readonly #abort = new AbortController();
  readonly #states = new Map<number, Int32Array>();
  readonly #running: Promise<void>[] = [];
  readonly #tables = new Map<number, TableOutcome>();
  readonly #largeObjects: LargeObjectContent[] = [];
  readonly #blockLengths = new Map<number, number>();
  readonly #relations: ReadonlyMap<number, Relation>;
  readonly #owners = new Map<number, TableEntries>();
  #large: TocEntry[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #writer: TableSqlWriter | null = null;
  #toc: Toc | null = null;

  constructor(private readonly plan: ReadPlan, private readonly pool: WorkerPool, private readonly raw: string) {
    this.#relations = new Map(plan.relations.map((relation) => [relation.oid, relation]));
  }

  /** Aborted with the reason when a raw file could not be split: the dump is of no use any more. */
  get failed(): AbortSignal {
    return this.#abort.signal;
  }

  /** The table of contents is known. */
  begin(toc: Toc, grouping: TableGrouping): void {
    this.#toc = toc;
    this.#writer = new TableSqlWriter(toc);
    for (const table of grouping.tables) if (table.data !== null) this.#owners.set(table.data.dumpId, table);
    const data = toc.entries.filter((entry) => entry.desc === "TABLE DATA");
    this.#large = data
      .filter((entry) => this.#size(entry) >= FOLLOW_FROM)
      .sort((a, b) => this.#size(b) - this.#size(a));
    this.plan.deps.onEvent({
      type: "planned",
      tables: data.length,
      totalBytes: data.reduce((sum, entry) => sum + this.#size(entry), 0),
      schemas: [...new Set(data.map((entry) => this.#nameOf(entry).schema))],
    });
    if (this.#large.length > 0) this.#timer = setInterval(() => this.#follow(), LOOK_EVERY);
  }

  /** An entry's raw file is complete. */
  complete(entry: TocEntry): void {
    const state = this.#states.get(entry.dumpId);
    if (state !== undefined) return setState(state, RAW_STATE.complete);
    this.#start(entry, RAW_STATE.complete);
  }

  /** Waits for all that was begun. */
  async end(): Promise<SplitOutcome> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
    this.failed.throwIfAborted();
    return { tables: this.#tables, largeObjects: this.#largeObjects, blockLengths: this.#blockLengths };
  }

  /** Ends workers that still wait for bytes. */
  cancel(): void {
    clearInterval(this.#timer);
    for (const state of this.#states.values()) {
      if (Atomics.load(state, 0) === RAW_STATE.growing) setState(state, RAW_STATE.cancelled);
    }
  }

  /** Waits until nothing that was begun writes any more, whether it went well or not. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** A worker that has nothing to do begins with a large file that is still being written. */
  #follow(): void {
    for (const entry of this.#large) {
      if (this.pool.free <= 0) return;
      if (!this.#states.has(entry.dumpId) && isFile(join(this.raw, entry.fileName ?? ""))) {
        this.#start(entry, RAW_STATE.growing);
      }
    }
    this.#large = this.#large.filter((entry) => !this.#states.has(entry.dumpId));
    if (this.#large.length === 0) clearInterval(this.#timer);
  }

  #start(entry: TocEntry, state: number): void {
    const shared = new Int32Array(new SharedArrayBuffer(4));
    shared[0] = state;
    this.#states.set(entry.dumpId, shared);
    const work = entry.desc === "BLOBS" ? this.#splitLargeObjects(entry) : this.#splitTable(entry, shared);
    this.#running.push(work.catch((error) => this.#abort.abort(error)));
  }

  async #splitTable(entry: TocEntry, state: Int32Array): Promise<void> {
    const { schema, name } = this.#nameOf(entry);
    const totalBytes = this.#size(entry);
    const { onEvent } = this.plan.deps;
    const folder = this.#withTableTier() ? this.plan.folder.tableFolder(schema, name) : null;
    const job: SplitTableJob = {
      type: "split_table",
      dumpId: entry.dumpId,
      rawPath: join(this.raw, entry.fileName ?? ""),
      blockPath: this.#blockPath(entry),
      compression: this.plan.compression,
      data: folder === null ? null : await this.#dataFile(entry, folder),
      state,
    };
    onEvent({ type: "table_started", schema, table: name, totalBytes });
    const result: SplitTableResult = await this.pool.run(
      job,
      (bytes) => onEvent({ type: "table_progress", schema, table: name, bytes }),
    );
    this.#blockLengths.set(entry.dumpId, result.blockBytes);
    if (folder !== null) {
      const path = `${folder}/${TABLE_FILES.data}`;
      this.plan.folder.add({ path, tier: "table", bytes: result.dataBytes, sha256: result.dataSha256 });
    }
    const { rows, bytes, sha256, duration } = result;
    this.#tables.set(Number(entry.oid), {
      oid: Number(entry.oid),
      folder,
      data: { rows, bytes, sha256 },
      source: "archive",
      copyStatement: entry.copyStmt,
      needs: [],
      duration,
    });
    onEvent({ type: "table_done", schema, table: name, rows, bytes, totalBytes, duration });
  }

  async #splitLargeObjects(entry: TocEntry): Promise<void> {
    const result = await this.pool.run({
      type: "split_large_objects",
      dumpId: entry.dumpId,
      folder: this.raw,
      listFile: entry.fileName ?? "",
      blockPath: this.#blockPath(entry),
      compression: this.plan.compression,
    });
    this.#blockLengths.set(entry.dumpId, result.blockBytes);
    this.#largeObjects.push(...result.objects);
  }

  async #dataFile(entry: TocEntry, folder: string): Promise<SplitTableJob["data"]> {
    if (this.#writer === null || this.#toc === null) throw new Error("begin() was not called");
    const owner = this.#owners.get(entry.dumpId);
    const sql = owner === undefined ? this.#writer.writeLooseData(entry) : this.#writer.writeData(owner);
    return {
      path: await this.plan.folder.prepare(`${folder}/${TABLE_FILES.data}`),
      head: this.#toc.codec.encode(sql.head),
      tail: this.#toc.codec.encode(sql.tail),
    };
  }

  #blockPath(entry: TocEntry): string | null {
    const wanted = this.plan.options.tiers.some((tier) => tier !== "table");
    return wanted ? join(this.plan.folder.work, "blocks", String(entry.dumpId)) : null;
  }

  #withTableTier(): boolean {
    return this.plan.options.tiers.includes("table");
  }

  #nameOf(entry: TocEntry): { readonly schema: string; readonly name: string } {
    const relation = this.#relations.get(Number(entry.oid));
    return relation ?? { schema: entry.namespace ?? "", name: entry.tag ?? "" };
  }

  #size(entry: TocEntry): number {
    return this.#relations.get(Number(entry.oid))?.totalBytes ?? 0;
  }
}

function setState(state: Int32Array, value: number): void {
  Atomics.store(state, 0, value);
  Atomics.notify(state, 0);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
