import { type TableEntries, type TableGrouping, TableSqlWriter, type Toc, type TocEntry } from "../archive/mod.ts";
import { TABLE_FILES } from "../catalog/mod.ts";
import type { Relation } from "../inventory/mod.ts";
import type { ReadPlan } from "./read_plan.ts";

/** Files written at the same time. */
const PARALLEL = 16;

/**
 * Writes `schema.sql` and `constraints.sql` of every table, `data.sql` of those without rows of their own, and
 * `sequences.sql` of schemas with sequences that no table owns.
 *
 * @returns what each table's `schema.sql` needs, by OID
 */
export async function writeTableFiles(
  plan: ReadPlan,
  toc: Toc,
  grouping: TableGrouping,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const needs = new Map<number, readonly string[]>();
  if (!plan.options.tiers.includes("table")) return needs;
  const writer = new TableSqlWriter(toc);
  const relations = new Map(plan.relations.map((relation) => [relation.oid, relation]));
  const write = async (table: TableEntries) => {
    const oid = Number(table.table.oid);
    const relation = relations.get(oid);
    if (relation === undefined) return;
    const folder = plan.folder.tableFolder(relation.schema, relation.name);
    const definition = writer.writeDefinition(table);
    needs.set(oid, definition.needs);
    const put = (name: string, text: string) => plan.folder.write(`${folder}/${name}`, "table", toc.codec.encode(text));
    await put(TABLE_FILES.schema, definition.schema);
    if (definition.constraints !== null) await put(TABLE_FILES.constraints, definition.constraints);
    if (table.data === null && plan.options.content === "all") {
      const { head, tail } = writer.writeData(table);
      await put(TABLE_FILES.data, `${head}${noRowsComment(relation)}\n${tail}`);
    }
  };
  const left = grouping.tables.values();
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    for (const table of left) {
      plan.deps.signal.throwIfAborted();
      await write(table);
    }
  }));
  const bySchema = Map.groupBy(grouping.looseSequences, (entry) => entry.namespace ?? "");
  for (const [schema, entries] of bySchema) await writeSequences(plan, toc, writer, schema, entries);
  return needs;
}

async function writeSequences(
  plan: ReadPlan,
  toc: Toc,
  writer: TableSqlWriter,
  schemaText: string,
  entries: readonly TocEntry[],
): Promise<void> {
  const oid = entries.find((entry) => entry.desc === "SEQUENCE")?.oid;
  const schema = plan.relations.find((relation) => String(relation.oid) === oid)?.schema ?? schemaText;
  const path = plan.folder.layout.sequencesFile(plan.folder.schemaFolder(schema));
  await plan.folder.write(path, "table", toc.codec.encode(writer.writeSequences(entries)));
}

function noRowsComment({ kind, dataSelected }: Relation): string {
  if (kind === "partitioned_table") return "-- A partitioned table: its rows are in its partitions.\n";
  if (kind === "foreign_table") return "-- A foreign table: its rows are on the foreign server.\n";
  return dataSelected
    ? "-- pg_dump does not dump the rows of this table; the manifest says why.\n"
    : "-- The rows were left out on purpose (--exclude-table-data).\n";
}
