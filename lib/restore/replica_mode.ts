import { qualifiedName, quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** A table by name. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** Statements around loading rows into tables that exist, so that no trigger fires and no foreign key is in the way. */
export interface QuietLoading {
  readonly before: string;
  readonly after: string;
}

interface TriggerRow {
  readonly table: string;
  readonly name: string;
  readonly enabled: string;
}

const TRIGGERS = `
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS table, t.tgname AS name, t.tgenabled::pg_catalog.text AS enabled
FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled = ANY ($2::pg_catalog.text[])
  AND pg_catalog.format('%I.%I', n.nspname, c.relname) = ANY ($1::pg_catalog.text[])`;

const STATES: Readonly<Record<string, string>> = { O: "ENABLE", A: "ENABLE ALWAYS", R: "ENABLE REPLICA" };

/**
 * With `session_replication_role = replica` ordinary triggers and foreign keys rest; triggers that fire always or on
 * replicas are disabled one by one. Without it the users' triggers are, and keys that can wait do.
 */
export async function loadQuietly(
  session: Session,
  tables: readonly TableName[],
  replicaMode: boolean,
): Promise<QuietLoading> {
  const names = tables.map(({ schema, name }) => qualifiedName(schema, name));
  const rows = await session.query<TriggerRow>(TRIGGERS, [names, replicaMode ? ["A", "R"] : ["O", "A", "R"]]);
  const alter = (row: TriggerRow, word: string) =>
    `ALTER TABLE ${row.table} ${word} TRIGGER ${quoteIdentifier(row.name)};`;
  return {
    before: [
      ...rows.map((row) => alter(row, "DISABLE")),
      replicaMode ? "SET session_replication_role = replica;" : "SET CONSTRAINTS ALL DEFERRED;",
    ].join("\n"),
    after: [
      ...replicaMode ? ["SET session_replication_role = origin;"] : [],
      ...rows.map((row) => alter(row, STATES[row.enabled] ?? "ENABLE")),
    ].join("\n"),
  };
}

interface KeyRow {
  readonly from: string;
  readonly to: string;
  readonly deferrable: boolean;
}

const KEYS = `
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS from, pg_catalog.format('%I.%I', m.nspname, f.relname) AS to,
  k.condeferrable AS deferrable
FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS m ON m.oid = f.relnamespace WHERE k.contype = 'f' AND k.conrelid <> k.confrelid`;

/** Foreign keys of the target between different tables, names qualified and quoted. */
export async function readForeignKeys(session: Session): Promise<readonly KeyRow[]> {
  return await session.query<KeyRow>(KEYS);
}

/**
 * Tables ordered so that those that foreign keys point at come first.
 *
 * @returns the order, or the names in a circle that no order can satisfy
 */
export function inKeyOrder(
  tables: readonly string[],
  keys: readonly KeyRow[],
): { readonly order: readonly string[] } | { readonly circle: readonly string[] } {
  const wanted = new Set(tables);
  const needs = new Map<string, Set<string>>(tables.map((table) => [table, new Set()]));
  for (const { from, to, deferrable } of keys) {
    if (!deferrable && wanted.has(from) && wanted.has(to)) needs.get(from)?.add(to);
  }
  const order: string[] = [];
  while (needs.size > 0) {
    const ready = [...needs].filter(([, others]) => [...others].every((other) => !needs.has(other))).map(([name]) =>
      name
    );
    if (ready.length === 0) return { circle: [...needs.keys()] };
    for (const name of ready) needs.delete(name);
    order.push(...ready);
  }
  return { order };
}
