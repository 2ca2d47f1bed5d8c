import type { TocEntry } from "../archive/mod.ts";
import { PgstrataError, qualifiedName } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { countRows } from "./count_rows.ts";
import { inTurn } from "./drops.ts";
import type { Overwritten } from "./plan.ts";
import { inKeyOrder, loadQuietly, readForeignKeys, type TableName } from "./replica_mode.ts";
import type { ScriptPart } from "./script_part.ts";
import type { TargetFacts } from "./target_facts.ts";

/** How rows go into tables that exist. */
export interface RowsPlan {
  readonly parts: readonly ScriptPart[];
  /** Values of sequences that exist. They are no part of a transaction (`setval`): nothing that can fail may follow. */
  readonly last: readonly ScriptPart[];
  /** Tables that are not empty and will be. */
  readonly overwritten: readonly Overwritten[];
}

/** The rows to load: entries of an archive, or what gives a table's part. */
export interface RowsSource {
  /** TABLE DATA entries. */
  readonly data: readonly TocEntry[];
  /** SEQUENCE SET and large objects. */
  readonly rest: readonly TocEntry[];
  readonly part: (entries: readonly TocEntry[]) => ScriptPart[];
}

/**
 * Plans loading rows into existing tables: those with rows are emptied, no trigger fires, foreign keys are not in the way.
 *
 * @throws {PgstrataError} when tables are missing, or foreign keys make a circle and this role cannot set them aside
 */
export async function planRows(session: Session, facts: TargetFacts, source: RowsSource): Promise<RowsPlan> {
  const tables = source.data.map(tableOf);
  refuseMissing(facts, tables);
  const counts = await inTurn(tables, async (table) => ({ table, ...await countRows(session, table) }));
  const filled = counts.filter(({ rows }) => rows > 0);
  const keys = await readForeignKeys(session);
  const quiet = await loadQuietly(session, tables, facts.role.replicaMode);
  const ordered = facts.role.replicaMode ? source.data : inOrder(source.data, keys);
  return {
    parts: [
      { type: "sql", text: [quiet.before, ...emptying(filled.map(({ table }) => table), keys, facts)].join("\n") },
      ...source.part(ordered),
      ...source.part(source.rest.filter((entry) => !isSequenceValue(entry))),
      { type: "sql", text: quiet.after },
    ],
    last: source.part(source.rest.filter(isSequenceValue)),
    overwritten: filled.map(({ table, rows, estimated }) => ({
      object: `rows of ${qualifiedName(table.schema, table.name)}`,
      rows,
      estimated,
    })),
  };
}

function isSequenceValue({ desc }: TocEntry): boolean {
  return desc === "SEQUENCE SET";
}

/** The table a TABLE DATA entry belongs to. */
export function tableOf(entry: TocEntry): TableName {
  return { schema: entry.namespace ?? "", name: entry.tag ?? "" };
}

/** TRUNCATE where no key of another table points at them; else row by row, which replica mode does without checks. */
function emptying(
  tables: readonly TableName[],
  keys: readonly { readonly from: string; readonly to: string }[],
  facts: TargetFacts,
): string[] {
  const names = tables.map(({ schema, name }) => qualifiedName(schema, name));
  if (names.length === 0) return [];
  const known = new Set(names);
  const owners = facts.role.superuser || !facts.supabase;
  const isFree = owners && keys.every(({ from, to }) => !known.has(to) || known.has(from));
  if (isFree) return [`TRUNCATE ${names.map((name) => `ONLY ${name}`).join(", ")};`];
  return names.map((name) => `DELETE FROM ONLY ${name};`);
}

function inOrder(data: readonly TocEntry[], keys: Parameters<typeof inKeyOrder>[1]): TocEntry[] {
  const byName = new Map(data.map((entry) => [qualifiedName(entry.namespace ?? "", entry.tag ?? ""), entry]));
  const result = inKeyOrder([...byName.keys()], keys);
  if ("circle" in result) {
    throw new PgstrataError("Cannot restore rows: foreign keys make a circle that this role cannot set aside", {
      context: { tables: result.circle.slice(0, 10).join(", ") },
      hint: "Restore as a superuser, or grant it (15 and newer): GRANT SET ON PARAMETER session_replication_role TO …",
    });
  }
  return result.order.flatMap((name) => byName.get(name) ?? []);
}

function refuseMissing(facts: TargetFacts, tables: readonly TableName[]): void {
  const there = new Set(facts.relations.map(({ schema, name }) => qualifiedName(schema, name)));
  const missing = tables.map(({ schema, name }) => qualifiedName(schema, name)).filter((name) => !there.has(name));
  if (missing.length === 0) return;
  throw new PgstrataError("Cannot restore rows: the target lacks tables", {
    context: {
      missing: missing.length > 8
        ? `${missing.slice(0, 8).join(", ")} and ${missing.length - 8} more`
        : missing.join(", "),
    },
    hint: "Leave --data-only out: the definitions then come along.",
  });
}
