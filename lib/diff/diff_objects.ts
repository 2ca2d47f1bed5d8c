import { groupByTable, type Toc, type TocEntry } from "../archive/mod.ts";
import { definitionsOf } from "../verify/mod.ts";
import type { ObjectChange } from "./database_diff.ts";
import { lineDiff } from "./line_diff.ts";

/** Which tables are compared; null is everything. */
export type TableScope = readonly { readonly schema: string; readonly name: string }[] | null;

/** Objects by what PostgreSQL's archive says of them: added, removed, or defined otherwise. Grants are compared apart. */
export function diffObjects(before: Toc, after: Toc, scope: TableScope): ObjectChange[] {
  const old = objectsOf(before, scope);
  const now = objectsOf(after, scope);
  const changes: ObjectChange[] = [];
  for (const [key, one] of old) {
    const other = now.get(key);
    if (other === undefined) {
      changes.push({ ...one.facts, change: "removed", before: one.text, after: null, lines: [] });
    } else if (one.text !== other.text) {
      const lines = lineDiff(one.text, other.text);
      changes.push({ ...other.facts, change: "changed", before: one.text, after: other.text, lines });
    }
  }
  for (const [key, one] of now) {
    if (!old.has(key)) changes.push({ ...one.facts, change: "added", before: null, after: one.text, lines: [] });
  }
  return changes.toSorted(inOrder);
}

interface DescribedObject {
  readonly facts: Pick<ObjectChange, "kind" | "schema" | "name" | "table">;
  readonly text: string;
}

/** Every table has it unless it has another one. */
const DEFAULT_METHOD = /\n-- access method heap$/;

/** Categories of `definitionsOf` that are compared as objects. */
const OBJECTS: ReadonlySet<string> = new Set(["definition", "policy", "comment", "database"]);

function objectsOf(toc: Toc, scope: TableScope): Map<string, DescribedObject> {
  const tables = tableOfEntries(toc);
  const wanted = scope === null ? null : new Set(scope.map(({ schema, name }) => `${schema}.${name}`));
  const entries = new Map(toc.entries.map((entry) => [entry.dumpId, entry]));
  const all = definitionsOf(toc, { entries: null, schemas: null, databaseProperties: true, privileges: false });
  const objects = new Map<string, DescribedObject>();
  for (const [key, definition] of all) {
    const entry = entries.get(definition.dumpIds[0] ?? 0);
    if (entry === undefined || !OBJECTS.has(definition.category) || isComparedApart(entry)) continue;
    const table = tables.get(entry.dumpId) ?? null;
    if (wanted !== null && !wanted.has(table ?? "")) continue;
    objects.set(key, { facts: factsOf(entry, table), text: definition.text.replace(DEFAULT_METHOD, "") });
  }
  return objects;
}

/** An extension comes with a comment of its own; the database's grants are among all grants. */
function isComparedApart({ desc, tag }: TocEntry): boolean {
  return desc === "ACL" || (desc === "COMMENT" && (tag ?? "").startsWith("EXTENSION "));
}

/** Kinds whose tag is the table's name, a space, and their own. */
const NAMED_WITH_TABLE: ReadonlySet<string> = new Set([
  "CHECK CONSTRAINT",
  "CONSTRAINT",
  "DEFAULT",
  "FK CONSTRAINT",
  "POLICY",
  "RULE",
  "TRIGGER",
]);

function factsOf(entry: TocEntry, table: string | null): DescribedObject["facts"] {
  const schema = entry.namespace === "" ? null : entry.namespace;
  const tag = entry.tag ?? "";
  // A view that depends on a primary key is dumped as an empty one and a rule that fills it.
  if (entry.desc === "RULE" && tag.endsWith(" _RETURN")) {
    return { kind: "VIEW", schema, name: tag.slice(0, -" _RETURN".length), table: null };
  }
  const prefix = table === null ? "" : `${table.slice((schema ?? "").length + 1)} `;
  const isPrefixed = NAMED_WITH_TABLE.has(entry.desc) && prefix !== "" && tag.startsWith(prefix);
  const isTable = entry.desc === "TABLE" || entry.desc === "FOREIGN TABLE";
  return {
    kind: entry.desc,
    schema,
    name: isPrefixed ? tag.slice(prefix.length) : tag,
    table: isTable ? null : table,
  };
}

/** `schema.table` by dumpId of all that belongs to a table. */
function tableOfEntries(toc: Toc): Map<number, string> {
  const tables = new Map<number, string>();
  for (const { table, definitions } of groupByTable(toc).tables) {
    const name = `${table.namespace ?? ""}.${table.tag ?? ""}`;
    for (const { dumpId } of definitions) tables.set(dumpId, name);
  }
  return tables;
}

/** By schema, then by the table they belong to, the table itself first. */
function inOrder(a: ObjectChange, b: ObjectChange): number {
  const key = ({ schema, table, kind, name }: ObjectChange) =>
    [schema ?? "", table ?? `${schema}.${name}`, table === null ? "0" : "1", kind, name].join("\0");
  return key(a) < key(b) ? -1 : 1;
}
