import {
  groupByTable,
  isData,
  isLargeObject,
  selectSchema,
  type TableEntries,
  type Toc,
  type TocEntry,
} from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";
import { closestString } from "@std/text/closest-string";
import { namePattern } from "../inventory/mod.ts";
import { isAttached, isOfDatabase, isSetting } from "./entry_names.ts";
import type { RestoreOptions } from "./options.ts";

/** What the user chose, found in an archive. */
export interface Selection {
  /** Whether everything is meant. */
  readonly whole: boolean;
  /** Schemas chosen by `--schema`. */
  readonly schemas: readonly string[];
  /** Tables chosen by `--table`, partitions included. */
  readonly tables: readonly TableEntries[];
  /** The same by name. */
  readonly names: readonly { readonly schema: string; readonly name: string }[];
  /** Entries to restore, in archive order. */
  readonly entries: readonly TocEntry[];
}

type Wish = Pick<RestoreOptions, "schemas" | "tables" | "content">;

/** Kinds other than tables that `--table` can name, as in pg_dump. */
const RELATION_KINDS: ReadonlySet<string> = new Set(["VIEW", "MATERIALIZED VIEW", "SEQUENCE"]);

/** Kinds that go with such a relation. */
const WITH_RELATION: ReadonlySet<string> = new Set(
  ["RULE", "TRIGGER", "INDEX", "STATISTICS", "MATERIALIZED VIEW DATA", "SEQUENCE SET", "DEFAULT"],
);

/**
 * Finds what the user chose.
 *
 * @throws {PgstrataError} code `usage` when a pattern matches nothing in the backup
 */
export function selectEntries(toc: Toc, wish: Wish): Selection {
  const objects = toc.entries.filter((entry) => !isOfDatabase(entry) && !isSetting(entry));
  if (wish.schemas.length === 0 && wish.tables.length === 0) {
    const entries = objects.filter((entry) => isOfContent(entry, wish.content));
    return { whole: true, schemas: [], tables: [], names: [], entries };
  }
  const chosen = new Set<number>();
  const schemas = matchSchemas(toc, wish.schemas);
  for (const schema of schemas) {
    for (const entry of selectSchema(toc, schema, { largeObjects: false }).entries) chosen.add(entry.dumpId);
  }
  const tables = withPartitions(toc, matchTables(toc, wish.tables, chosen));
  for (const table of tables) for (const entry of entriesOf(table)) chosen.add(entry.dumpId);
  const entries = objects.filter((entry) => chosen.has(entry.dumpId) && isOfContent(entry, wish.content));
  const names = tables.map(({ table }) => ({ schema: table.namespace ?? "", name: table.tag ?? "" }));
  return { whole: false, schemas, tables, names, entries };
}

/** Everything of a table. */
export function entriesOf(table: TableEntries): TocEntry[] {
  return [...table.definitions, ...table.data === null ? [] : [table.data], ...table.sequenceValues];
}

/** Whether an entry is wanted with `--schema-only` or `--data-only`. */
function isOfContent(entry: TocEntry, content: Wish["content"]): boolean {
  if (content === "all") return true;
  const data = isData(entry) || entry.desc === "MATERIALIZED VIEW DATA";
  return content === "data-only" ? isData(entry) && (!isAttached(entry) || isLargeObject(entry)) : !data;
}

/** Whether a pattern of `pg_dump` matches a name. A pattern without a schema matches in every schema. */
export function matchesPattern(pattern: string, schema: string, name: string): boolean {
  const parsed = namePattern(pattern);
  const matches = (regex: string, text: string) => new RegExp(regex, "su").test(text);
  return (parsed.schema === null || matches(parsed.schema, schema)) && matches(parsed.name, name);
}

function matchSchemas(toc: Toc, patterns: readonly string[]): string[] {
  const names = new Set(toc.entries.flatMap((entry) => {
    if (entry.desc === "SCHEMA") return entry.tag === null ? [] : [entry.tag];
    return (entry.namespace ?? "") === "" ? [] : [entry.namespace ?? ""];
  }));
  const found = new Set<string>();
  for (const pattern of patterns) {
    const matching = [...names].filter((name) => new RegExp(namePattern(pattern).name, "su").test(name));
    if (matching.length === 0) throw nothing("schema", pattern, [...names]);
    for (const name of matching) found.add(name);
  }
  return [...found].sort();
}

function matchTables(toc: Toc, patterns: readonly string[], chosen: Set<number>): TableEntries[] {
  if (patterns.length === 0) return [];
  const all = groupByTable(toc).tables;
  const found = new Set<TableEntries>();
  for (const pattern of patterns) {
    const matching = all.filter(({ table }) => matchesPattern(pattern, table.namespace ?? "", table.tag ?? ""));
    const relations = toc.entries.filter((entry) =>
      RELATION_KINDS.has(entry.desc) && matchesPattern(pattern, entry.namespace ?? "", entry.tag ?? "")
    );
    if (matching.length + relations.length === 0) {
      throw nothing("table", pattern, all.map(({ table }) => `${table.namespace}.${table.tag}`));
    }
    for (const table of matching) found.add(table);
    for (const relation of relations) {
      chosen.add(relation.dumpId);
      for (const entry of toc.entries) {
        const belongs = isAttached(entry) || WITH_RELATION.has(entry.desc);
        if (belongs && entry.dependencies.includes(relation.dumpId)) chosen.add(entry.dumpId);
      }
    }
  }
  return [...found];
}

/** A partitioned table without its partitions would be empty: they come along. */
function withPartitions(toc: Toc, tables: readonly TableEntries[]): TableEntries[] {
  if (tables.length === 0) return [];
  const groups = groupByTable(toc).tables;
  const byId = new Map(groups.map((group) => [group.table.dumpId, group]));
  const attachments = toc.entries.filter(({ desc }) => desc === "TABLE ATTACH");
  const found = new Map(tables.map((table) => [table.table.dumpId, table]));
  for (const [parent] of found) {
    for (const attach of attachments) {
      if (!attach.dependencies.includes(parent)) continue;
      const child = attach.dependencies.map((id) => byId.get(id))
        .find((group) => group?.table.tag === attach.tag && group?.table.namespace === attach.namespace);
      if (child !== undefined && child.table.dumpId !== parent) found.set(child.table.dumpId, child);
    }
  }
  return groups.filter(({ table }) => found.has(table.dumpId));
}

/** The error for a pattern that matches nothing, with the nearest name. */
export function nothing(kind: string, pattern: string, names: readonly string[]): PgstrataError {
  const refused = (hint: string) =>
    new PgstrataError(`Cannot restore ${kind} ${pattern}: the backup has none of that name`, { code: "usage", hint });
  if (names.length === 0) return refused(`The backup has no ${kind}s.`);
  const shown = names.slice(0, 12).join(", ");
  // Without a schema in the pattern the nearest table may stand in any.
  const plain = new Map(names.map((name) => [kind === "table" ? name.slice(name.indexOf(".") + 1) : name, name]));
  const nearest = pattern.includes(".")
    ? closestString(pattern, names)
    : plain.get(closestString(pattern, [...plain.keys()]));
  return refused(
    `Did you mean ${nearest}? It has: ${shown}${names.length > 12 ? ` and ${names.length - 12} more` : ""}.`,
  );
}
