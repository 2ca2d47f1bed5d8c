import type { Session } from "../connection/mod.ts";
import { countRows } from "./count_rows.ts";
import type { Overwritten } from "./plan.ts";
import type { TargetFacts } from "./target_facts.ts";

/** Up to so many tables are counted one by one. */
const COUNTED_TABLES = 200;

/** What a database holds, schema by schema. */
export async function countContents(session: Session, facts: TargetFacts): Promise<Overwritten[]> {
  const tables = facts.relations.filter(({ kind, extension }) => kind === "table" && extension === null);
  if (tables.length > COUNTED_TABLES) return await estimate(session);
  const bySchema = new Map<string, { tables: number; rows: number; estimated: boolean }>();
  for (const table of tables) {
    const { rows, estimated } = await countRows(session, table);
    const sum = bySchema.get(table.schema) ?? { tables: 0, rows: 0, estimated: false };
    bySchema.set(table.schema, {
      tables: sum.tables + 1,
      rows: sum.rows + rows,
      estimated: sum.estimated || estimated,
    });
  }
  return [...bySchema].map(([schema, sum]) => ({
    object: `schema ${schema}: ${sum.tables} ${sum.tables === 1 ? "table" : "tables"}`,
    rows: sum.rows,
    estimated: sum.estimated,
  }));
}

const ESTIMATE = `
SELECT n.nspname AS schema, pg_catalog.count(*)::pg_catalog.int4 AS tables,
  pg_catalog.sum(GREATEST(c.reltuples, 0))::pg_catalog.float8 AS rows
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
GROUP BY n.nspname ORDER BY n.nspname`;

async function estimate(session: Session): Promise<Overwritten[]> {
  const rows = await session.query<{ schema: string; tables: number; rows: number }>(ESTIMATE);
  return rows.map(({ schema, tables, rows: count }) => ({
    object: `schema ${schema}: ${tables} ${tables === 1 ? "table" : "tables"}`,
    rows: Math.round(count),
    estimated: true,
  }));
}
