import { join } from "@std/path";
import { COPY_END } from "../archive/mod.ts";
import { qualifiedName, quoteIdentifier } from "../base/mod.ts";
import { TABLE_FILES } from "../catalog/mod.ts";
import type { Relation } from "../inventory/mod.ts";
import { writeAll } from "./hashed_output.ts";
import type { TableOutcome } from "./read_outcome.ts";
import type { ReadPlan } from "./read_plan.ts";
import { RAW_STATE } from "./split_protocol.ts";
import { plannedTables } from "./table_names.ts";
import type { WorkerPool } from "./worker_pool.ts";

/**
 * Rows of tables that belong to an extension and are not its declared configuration (pgmq queues, …): `pg_dump`
 * leaves them out without a word. They are copied under the same snapshot into the table tier.
 *
 * @param done OIDs of tables whose rows are in the archives
 */
export async function readExtensionTables(
  plan: ReadPlan,
  pool: WorkerPool,
  done: ReadonlySet<number>,
): Promise<TableOutcome[]> {
  const { tiers, content } = plan.options;
  if (!tiers.includes("table") || content === "schema-only") return [];
  const outcomes: TableOutcome[] = [];
  for (const table of extensionTables(plan)) {
    if (!done.has(table.oid)) outcomes.push(await copyTable(plan, pool, table));
  }
  return outcomes;
}

/** Tables of extensions whose rows are wanted. */
export function extensionTables(plan: ReadPlan): Relation[] {
  return plannedTables(plan).filter((table) =>
    table.extension !== null && table.kind === "table" && table.dataSelected && table.readable
  );
}

async function copyTable(plan: ReadPlan, pool: WorkerPool, table: Relation): Promise<TableOutcome> {
  const name = qualifiedName(table.schema, table.name);
  const columns = await plan.session.query<{ name: string }>(
    "SELECT attname AS name FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped " +
      "AND attgenerated = '' ORDER BY attnum",
    [table.oid],
  );
  const list = columns.length === 0 ? "" : ` (${columns.map((column) => quoteIdentifier(column.name)).join(", ")})`;
  const rawPath = join(plan.folder.work, `extension_${table.oid}`);
  {
    using raw = await Deno.open(rawPath, { write: true, createNew: true, mode: 0o600 });
    for await (const chunk of plan.session.copyOut(`COPY ${name}${list} TO STDOUT`)) writeAll(raw, chunk);
    writeAll(raw, COPY_END);
  }
  const folder = plan.folder.tableFolder(table.schema, table.name);
  const copyStatement = `COPY ${name}${list} FROM stdin;\n`;
  const path = `${folder}/${TABLE_FILES.data}`;
  const state = new Int32Array(new SharedArrayBuffer(4));
  state[0] = RAW_STATE.complete;
  const result = await pool.run({
    type: "split_table",
    dumpId: 0,
    rawPath,
    blockPath: null,
    compression: plan.compression,
    data: { path: await plan.folder.prepare(path), head: encode(dataHead(table) + copyStatement), tail: encode("") },
    state,
  });
  plan.folder.add({ path, tier: "table", bytes: result.dataBytes, sha256: result.dataSha256 });
  await plan.folder.write(`${folder}/${TABLE_FILES.schema}`, "table", schemaComment(table));
  const { rows, bytes, sha256, duration } = result;
  return {
    oid: table.oid,
    folder,
    data: { rows, bytes, sha256 },
    source: "copy",
    copyStatement,
    needs: [`EXTENSION ${quoteIdentifier(table.extension ?? "")}`],
    duration,
  };
}

function dataHead(table: Relation): string {
  return `--\n-- Rows of ${oneLine(table.schema)}.${oneLine(table.name)}, a table of the extension ` +
    `${oneLine(table.extension ?? "")}\n--\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n`;
}

function schemaComment(table: Relation): string {
  const extension = quoteIdentifier(table.extension ?? "");
  return `--\n-- ${oneLine(table.schema)}.${oneLine(table.name)} belongs to the extension ${oneLine(extension)}, ` +
    `which creates it:\n--   CREATE EXTENSION ${oneLine(extension)};\n--\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, " ");
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
