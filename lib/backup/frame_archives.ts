import { join } from "@std/path";
import { customArchiveHead, isLargeObject, selectSchema, type Toc } from "../archive/mod.ts";
import { eachInParallel } from "../base/mod.ts";
import type { SchemaOutcome } from "./read_outcome.ts";
import type { ReadPlan } from "./read_plan.ts";
import { plannedSchemas } from "./table_names.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** Frames the blocks into the full archive and one archive per schema, as wanted. The blocks stay. */
export async function frameArchives(
  plan: ReadPlan,
  pool: WorkerPool,
  toc: Toc,
  blockLengths: ReadonlyMap<number, number>,
): Promise<SchemaOutcome[]> {
  const { folder, options } = plan;
  const full = options.tiers.includes("full")
    ? frame(plan, pool, toc, folder.layout.fullArchive(folder.time), "full", blockLengths)
    : Promise.resolve(0);
  const hasLargeObjects = toc.entries.some(isLargeObject);
  const outcomes = new Map<string, SchemaOutcome>();
  const planned = [...plannedSchemas(plan, toc)];
  // Cut one after the other: no more tables of contents in memory than workers take.
  const schemas = eachInParallel(planned, pool.size, plan.deps.signal, async ([name, text]) => {
    let outcome: SchemaOutcome = { name, archive: null, archiveBytes: 0 };
    if (options.tiers.includes("schema")) {
      const largeObjects = hasLargeObjects && (options.blobs || plan.largeObjectSchemas.has(name));
      const archive = folder.schemaArchive(name);
      const cut = selectSchema(toc, text, { largeObjects });
      outcome = { name, archive, archiveBytes: await frame(plan, pool, cut, archive, "schema", blockLengths) };
    }
    outcomes.set(name, outcome);
  });
  await Promise.all([full, schemas]);
  return planned.flatMap(([name]) => outcomes.get(name) ?? []);
}

async function frame(
  plan: ReadPlan,
  pool: WorkerPool,
  toc: Toc,
  path: string,
  tier: "full" | "schema",
  blockLengths: ReadonlyMap<number, number>,
): Promise<number> {
  const { algorithm, level } = plan.compression;
  const { head, blocks } = customArchiveHead(toc, { compression: algorithm, level }, blockLengths);
  const { bytes, sha256 } = await pool.run({
    type: "frame",
    path: await plan.folder.prepare(path),
    head,
    blockPaths: blocks.map((entry) => join(plan.folder.work, "blocks", String(entry.dumpId))),
  });
  plan.folder.add({ path, tier, bytes, sha256 });
  return bytes;
}
