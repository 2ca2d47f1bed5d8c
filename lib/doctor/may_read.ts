import type { Session } from "../connection/mod.ts";

/** By the catalog alone: `to_regclass()` fails where the schema's USAGE is missing. */
const MAY_READ = `
SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2`;

/** Whether this role may read a table; null where there is no such table. */
export async function mayRead(session: Session, schema: string, table: string): Promise<boolean | null> {
  const [row] = await session.query<{ readable: boolean }>(MAY_READ, [schema, table]);
  return row?.readable ?? null;
}
