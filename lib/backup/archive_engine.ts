import { join } from "@std/path";
import { archiveVersion, groupByTable, largeObjectsDigest, schemaScript, type Toc } from "../archive/mod.ts";
import { ROOT_FILES } from "../catalog/mod.ts";
import { removeTree } from "../system/mod.ts";
import { dumpDirectory } from "./directory_dump.ts";
import { frameArchives } from "./frame_archives.ts";
import { readExtensionTables } from "./extension_tables.ts";
import { dumpContent } from "./dump_content.ts";
import type { ReadOutcome, TableOutcome } from "./read_outcome.ts";
import type { ReadPlan } from "./read_plan.ts";
import { RawSplitter, type SplitOutcome } from "./raw_splitter.ts";
import { plannedSchemas, plannedTables, tableNames } from "./table_names.ts";
import { writeTableFiles } from "./table_files.ts";
import { WorkerPool } from "./worker_pool.ts";

/**
 * The engine that reads once: one parallel `pg_dump` into raw files; while it runs, each table's raw file is turned
 * into `data.sql` and a compressed block; at the end the blocks are framed into the archives.
 *
 * @param onFrame told when the reading is done and the framing begins
 * @throws {UnknownArchiveVersionError} if the client writes a format we do not know, early
 */
export async function runArchiveEngine(plan: ReadPlan, onFrame: () => void): Promise<ReadOutcome> {
  const { folder, options, deps } = plan;
  using pool = new WorkerPool(Math.max(1, Math.min(navigator.hardwareConcurrency, 8)));
  const raw = join(folder.work, "raw");
  await folder.prepare(".work/blocks/x");
  const reading = Promise.withResolvers<{ toc: Toc; needs: Promise<ReadonlyMap<number, readonly string[]>> }>();
  const splitter = new RawSplitter(plan, pool, raw);
  let writing: Promise<unknown> = Promise.resolve();
  try {
    await dumpDirectory({
      tools: plan.tools,
      environment: plan.environment,
      content: dumpContent(plan),
      snapshot: plan.snapshot,
      lockWaitTimeout: options.lockWaitTimeout,
      jobs: plan.jobs,
      folder: raw,
      signal: AbortSignal.any([deps.signal, splitter.failed]),
    }, {
      onToc: (toc) => {
        const grouping = groupByTable(toc);
        folder.nameAll(tableNames(plan, plannedSchemas(plan, toc).keys()));
        splitter.begin(toc, grouping);
        const needs = writeTableFiles(plan, toc, grouping);
        writing = needs.catch(() => {}); // Awaited below; a failure in between must not be unhandled.
        reading.resolve({ toc, needs });
      },
      onComplete: (entry) => splitter.complete(entry),
      onWarning: (message) => plan.warn(`pg_dump: ${message}`),
    });
    const split = await splitter.end();
    const { toc, needs } = await reading.promise;
    const needsOf = await needs;
    const tables = [...tablesWithoutRows(plan, toc, split), ...split.tables.values()]
      .map((table) => ({ ...table, needs: needsOf.get(table.oid) ?? [] }));
    const copied = await readExtensionTables(plan, pool, new Set(split.tables.keys()));
    if (options.content !== "data-only") {
      await folder.write(ROOT_FILES.schema, "root", toc.codec.encode([...schemaScript(toc)].join("")));
    }
    onFrame();
    const schemas = await frameArchives(plan, pool, toc, split.blockLengths);
    return {
      engine: "archive",
      archiveVersion: archiveVersion(toc.header),
      compression: plan.compression.algorithm === "none"
        ? "none"
        : `${plan.compression.algorithm}:${plan.compression.level}`,
      files: folder.files,
      tables: [...tables, ...copied],
      schemas,
      largeObjects: largeObjectsDigest(split.largeObjects),
      defined: new Set(toc.entries.map((entry) => `${entry.tableoid}:${entry.oid}`)),
      dataOids: new Set([...split.tables.keys(), ...copied.map((table) => table.oid)]),
    };
  } finally {
    splitter.cancel();
    pool[Symbol.dispose]();
    // The folder is the caller's again: for another try it is cleared, after a failure removed.
    await Promise.all([writing, splitter.settle()]);
    await removeTree(folder.work);
  }
}

/** Tables the archive defines and holds no rows of: partitioned and foreign ones, and those left out. */
function tablesWithoutRows(plan: ReadPlan, toc: Toc, split: SplitOutcome): TableOutcome[] {
  const defined = new Set(
    toc.entries.filter((entry) => entry.desc === "TABLE" || entry.desc === "FOREIGN TABLE").map((entry) => entry.oid),
  );
  return plannedTables(plan)
    .filter((table) => defined.has(String(table.oid)) && !split.tables.has(table.oid))
    .map((table) => ({
      oid: table.oid,
      folder: plan.options.tiers.includes("table") ? plan.folder.tableFolder(table.schema, table.name) : null,
      data: null,
      source: "none",
      copyStatement: null,
      needs: [],
      duration: 0,
    }));
}
