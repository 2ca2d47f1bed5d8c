import { qualifiedName } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import type { Relation } from "../inventory/mod.ts";

/** Milliseconds that counting one table may take; after that the planner's estimate has to do. */
const PATIENCE = 5_000;

/** Rows of one table. */
export interface RowCount {
  readonly rows: number;
  readonly estimated: boolean;
}

/** Counts rows for people; a table that takes long is estimated. */
export async function countRows(session: Session, table: Pick<Relation, "schema" | "name">): Promise<RowCount> {
  const name = qualifiedName(table.schema, table.name);
  await session.execute(`SET statement_timeout = ${PATIENCE}`);
  try {
    const [row] = await session.query<{ count: string }>(
      `SELECT pg_catalog.count(*)::pg_catalog.text AS count FROM ONLY ${name}`,
    );
    return { rows: Number(row?.count ?? 0), estimated: false };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const [row] = await session.query<{ rows: number }>(
      "SELECT GREATEST(reltuples, 0)::pg_catalog.float8 AS rows FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass($1)",
      [name],
    );
    return { rows: Math.round(row?.rows ?? 0), estimated: true };
  } finally {
    await session.execute("SET statement_timeout = 0");
  }
}
