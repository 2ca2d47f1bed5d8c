import { createHash } from "node:crypto";
import { join } from "@std/path";
import { bytesCodec, CopyScript, countLines } from "../archive/mod.ts";
import { ROOT_FILES, TABLE_FILES } from "../catalog/mod.ts";
import type { Relation } from "../inventory/mod.ts";
import {
  archiveScript,
  type DumpContent,
  dumpError,
  listArchive,
  type ListedEntry,
  pgDumpArguments,
  readDumpLine,
  withoutRestrict,
} from "../postgres/mod.ts";
import { hashFile, removeTree, runProcess } from "../system/mod.ts";
import { dumpContent } from "./dump_content.ts";
import { extensionTables, readExtensionTables } from "./extension_tables.ts";
import { writeAll } from "./hashed_output.ts";
import type { ReadOutcome, SchemaOutcome, TableOutcome } from "./read_outcome.ts";
import { exactPattern, type ReadPlan } from "./read_plan.ts";
import { plannedTables, tableNames } from "./table_names.ts";
import { WorkerPool } from "./worker_pool.ts";

/** Kinds that tie a table to others and therefore stand in `constraints.sql`. */
const TYING_KINDS = /^(?:FK CONSTRAINT|TRIGGER|RULE|TABLE ATTACH|INDEX ATTACH|POLICY) /;

/**
 * The engine that asks `pg_dump` once for the database, once per schema and once per table, all under the same
 * snapshot. Slower, and right with every archive version: only PostgreSQL's programs read the archives.
 */
export async function runLoopEngine(plan: ReadPlan): Promise<ReadOutcome> {
  const { folder, options, deps } = plan;
  await folder.prepare(".work/x");
  try {
    const full = join(folder.work, "full.dump");
    await dump(plan, dumpContent(plan), full);
    const entries = await listArchive(plan.tools, full, deps.signal);
    const schemaNames = plan.schemas.filter((schema) => schema.selected).map((schema) => schema.name);
    const chosen = plannedTables(plan).map((table) => table.schema);
    folder.nameAll(tableNames(plan, new Set([...schemaNames, ...chosen])));
    if (options.content !== "data-only") {
      await folder.write(ROOT_FILES.schema, "root", await scriptText(plan, full, { section: "schema-only" }));
    }
    if (options.tiers.includes("full")) await keep(plan, full, folder.layout.fullArchive(folder.time), "full");
    else await removeTree(full);
    const schemas: SchemaOutcome[] = [];
    for (const name of new Set([...schemaNames, ...chosen])) schemas.push(await dumpSchema(plan, name));
    const tables = await dumpTables(plan);
    using pool = new WorkerPool(1);
    const read = new Set(tables.flatMap((table) => table.data === null ? [] : [table.oid]));
    const copied = await readExtensionTables(plan, pool, read);
    return {
      engine: "pg_dump",
      archiveVersion: null,
      compression: compressionText(plan),
      files: folder.files,
      tables: [...tables, ...copied],
      schemas,
      largeObjects: { count: 0, bytes: 0, sha256: null },
      defined: new Set(entries.map((entry) => `${entry.tableoid}:${entry.oid}`)),
      dataOids: new Set([...tableDataOids(entries), ...read, ...copied.map((table) => table.oid)]),
    };
  } finally {
    await removeTree(folder.work);
  }
}

async function dump(plan: ReadPlan, content: DumpContent, path: string): Promise<void> {
  try {
    await runProcess({
      program: plan.tools.program("pg_dump"),
      args: pgDumpArguments(plan.tools, content, {
        snapshot: plan.snapshot,
        lockWaitTimeout: plan.options.lockWaitTimeout,
        output: { format: "custom", path, compression: compressionArgument(plan) },
      }),
      env: plan.environment,
      signal: plan.deps.signal,
      onStderr: (text) => {
        const line = readDumpLine(text);
        if (line.type === "warning") plan.warn(`pg_dump: ${line.message}`);
      },
    });
  } catch (error) {
    throw dumpError(error);
  }
}

async function dumpSchema(plan: ReadPlan, name: string): Promise<SchemaOutcome> {
  if (!plan.options.tiers.includes("schema")) return { name, archive: null, archiveBytes: 0 };
  const content = dumpContent(plan);
  const whole = plan.options.selection.tables.length === 0;
  const tables = whole ? [] : plan.relations.filter((relation) => relation.selected && relation.schema === name)
    .map((relation) => exactPattern(relation.schema, relation.name));
  const path = join(plan.folder.work, "schema.dump");
  await dump(plan, {
    ...content,
    schemas: whole ? [exactName(name)] : [],
    excludeSchemas: [],
    tables,
    largeObjects: plan.withoutLargeObjects
      ? "no"
      : plan.options.blobs || plan.largeObjectSchemas.has(name)
      ? "yes"
      : "default",
  }, path);
  const archive = plan.folder.schemaArchive(name);
  return { name, archive, archiveBytes: await keep(plan, path, archive, "schema") };
}

async function dumpTables(plan: ReadPlan): Promise<TableOutcome[]> {
  const outcomes: TableOutcome[] = [];
  const ofExtensions = new Set(extensionTables(plan).map((table) => table.oid));
  const unreadable = new Set(plan.unreadable.map((table) => table.oid));
  for (const table of plannedTables(plan)) {
    const own = table.extension === null || table.extensionConfiguration;
    if (unreadable.has(table.oid) || (!own && ofExtensions.has(table.oid)) || !own) continue;
    outcomes.push(await dumpTable(plan, table));
  }
  return outcomes;
}

async function dumpTable(plan: ReadPlan, table: Relation): Promise<TableOutcome> {
  const { onEvent, clock, signal } = plan.deps;
  const begun = clock.monotonic();
  const withTier = plan.options.tiers.includes("table");
  const path = join(plan.folder.work, "table.dump");
  const folder = plan.folder.tableFolder(table.schema, table.name);
  const { excludeTableData } = plan.options.selection;
  onEvent({ type: "table_started", schema: table.schema, table: table.name, totalBytes: table.totalBytes });
  await dump(plan, {
    schemas: [],
    excludeSchemas: [],
    tables: [exactPattern(table.schema, table.name)],
    excludeTables: [],
    excludeTableData,
    content: plan.options.content,
    privileges: plan.options.privileges,
    largeObjects: "default",
  }, path);
  const entries = await listArchive(plan.tools, path, signal);
  if (withTier && plan.options.content !== "data-only") await writeDefinition(plan, path, folder, entries);
  const data = plan.options.content === "schema-only" ? null : await writeData(plan, path, withTier ? folder : null);
  await removeTree(path);
  const duration = clock.monotonic() - begun;
  if (data !== null) {
    const { rows, bytes } = data;
    const { schema, name, totalBytes } = table;
    onEvent({ type: "table_done", schema, table: name, rows, bytes, totalBytes, duration });
  }
  return {
    oid: table.oid,
    folder: withTier ? folder : null,
    data: data === null ? null : { rows: data.rows, bytes: data.bytes, sha256: data.sha256 },
    source: data === null ? "none" : "archive",
    copyStatement: data?.copyStatement ?? null,
    needs: [],
    duration,
  };
}

/** `schema.sql`, and `constraints.sql` where something ties the table to others, by lists for `--use-list`. */
async function writeDefinition(
  plan: ReadPlan,
  archive: string,
  folder: string,
  entries: readonly ListedEntry[],
): Promise<void> {
  const tying = entries.filter((entry) => TYING_KINDS.test(entry.text));
  const own = entries.filter((entry) => !TYING_KINDS.test(entry.text));
  const parts: [string, readonly ListedEntry[]][] = [[TABLE_FILES.schema, own]];
  if (tying.length > 0) parts.push([TABLE_FILES.constraints, tying]);
  for (const [name, listed] of parts) {
    const list = join(plan.folder.work, "list");
    await Deno.writeTextFile(list, listed.map((entry) => `${entry.dumpId};\n`).join(""), { mode: 0o600 });
    const text = await scriptText(plan, archive, { section: "schema-only", list });
    await plan.folder.write(`${folder}/${name}`, "table", text);
  }
}

/** Writes `data.sql` (or only counts and hashes, without a folder); null if the table has no rows of its own. */
async function writeData(
  plan: ReadPlan,
  archive: string,
  folder: string | null,
): Promise<{ rows: number; bytes: number; sha256: string; copyStatement: string | null } | null> {
  const hash = createHash("sha256");
  let rows = 0;
  let bytes = 0;
  const path = `${folder}/${TABLE_FILES.data}`;
  using file = folder === null
    ? null
    : await Deno.open(await plan.folder.prepare(path), { write: true, createNew: true, mode: 0o600 });
  const put = (piece: Uint8Array) => {
    if (file !== null) writeAll(file, piece);
  };
  const script = new CopyScript((piece) => {
    if (bytes === 0) put(head());
    hash.update(piece);
    rows += countLines(piece);
    bytes += piece.length;
    put(piece);
  });
  const head = () => bytesCodec.encode(script.head.replace(/^\\restrict \w+\n\n?/m, ""));
  await archiveScript(plan.tools, archive, { section: "data-only" }, plan.deps.signal, (chunk) => script.push(chunk));
  script.end();
  const { copyStatement } = script;
  const closing = script.tail.replace(/^\\unrestrict \w+\n\n?/m, "");
  if (bytes === 0) put(copyStatement === null ? bytesCodec.encode(withoutRestrict(script.head)) : head());
  if (copyStatement !== null) put(bytesCodec.encode(`\\.\n${closing}`));
  if (folder !== null) plan.folder.add({ path, tier: "table", ...await hashFile(join(plan.folder.path, path)) });
  return copyStatement === null ? null : { rows, bytes, sha256: hash.digest("hex"), copyStatement };
}

async function scriptText(
  plan: ReadPlan,
  archive: string,
  selection: Parameters<typeof archiveScript>[2],
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await archiveScript(plan.tools, archive, selection, plan.deps.signal, (chunk) => void chunks.push(chunk));
  const text = chunks.map((chunk) => bytesCodec.decode(chunk)).join("");
  return bytesCodec.encode(withoutRestrict(text));
}

async function keep(plan: ReadPlan, from: string, path: string, tier: "full" | "schema"): Promise<number> {
  const to = await plan.folder.prepare(path);
  await Deno.rename(from, to);
  await Deno.chmod(to, 0o600);
  const { bytes, sha256 } = await hashFile(to);
  plan.folder.add({ path, tier, bytes, sha256 });
  return bytes;
}

function tableDataOids(entries: readonly ListedEntry[]): number[] {
  return entries.filter((entry) => entry.text.startsWith("TABLE DATA ")).map((entry) => Number(entry.oid));
}

function exactName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `--compress` takes a bare level before 16. */
function compressionArgument(plan: ReadPlan): string {
  const { algorithm, level } = plan.compression;
  if (algorithm === "none") return "0";
  return plan.tools.major >= 16 ? `${algorithm}:${level}` : String(level);
}

function compressionText(plan: ReadPlan): string {
  const { algorithm, level } = plan.compression;
  return algorithm === "none" ? "none" : `${algorithm}:${level}`;
}
