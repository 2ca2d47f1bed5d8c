import { schemaNames, type Toc } from "../archive/mod.ts";
import type { Relation } from "../inventory/mod.ts";
import type { ReadPlan } from "./read_plan.ts";

/** Kinds that get a folder in the table tier. */
const TABLE_KINDS: ReadonlySet<Relation["kind"]> = new Set(["table", "partitioned_table", "foreign_table"]);

/** Tables that belong to the backup. */
export function plannedTables(plan: ReadPlan): Relation[] {
  return plan.relations.filter((relation) => relation.selected && TABLE_KINDS.has(relation.kind));
}

/** Schemas of the backup with the names of their tables; schemas without tables too. */
export function tableNames(plan: ReadPlan, schemas: Iterable<string>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const schema of [...schemas].sort()) names.set(schema, []);
  for (const table of plannedTables(plan)) {
    const list = names.get(table.schema);
    if (list === undefined) names.set(table.schema, [table.name]);
    else list.push(table.name);
  }
  return names;
}

/**
 * Schemas that get a folder and an archive, with the name they have in the archive, which in a database that is
 * not UTF-8 is not the true one: objects are the same by OID.
 */
export function plannedSchemas(plan: ReadPlan, toc: Toc): Map<string, string> {
  const trueNames = new Map(plan.schemas.map((schema) => [String(schema.oid), schema.name]));
  const inArchive = new Map<string, string>();
  for (const entry of toc.entries) {
    const name = entry.desc === "SCHEMA" ? trueNames.get(entry.oid) : undefined;
    if (name !== undefined) inArchive.set(entry.tag ?? "", name);
  }
  const planned = new Map(schemaNames(toc).map((text) => [inArchive.get(text) ?? text, text]));
  for (const schema of plan.schemas) {
    if (schema.selected && !planned.has(schema.name)) planned.set(schema.name, schema.name);
  }
  return planned;
}
