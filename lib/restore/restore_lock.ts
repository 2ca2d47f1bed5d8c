import { PgstrataError } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** Key of the advisory lock: "pgst" and "rest" as numbers. */
const KEY = [1885827956, 1919251316];

const HOLDER = `
SELECT l.pid, a.backend_start AS since FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.classid::pg_catalog.int8 = $1 AND l.objid::pg_catalog.int8 = $2 AND l.granted
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`;

/**
 * Takes the database for this restore alone, until the session ends, however it ends.
 *
 * @throws {PgstrataError} code `refused` when another restore has it
 */
export async function lockForRestore(session: Session): Promise<void> {
  const [row] = await session.query<{ taken: boolean }>(
    "SELECT pg_catalog.pg_try_advisory_lock($1::pg_catalog.int4, $2::pg_catalog.int4) AS taken",
    KEY,
  );
  if (row?.taken === true) return;
  const [holder] = await session.query<{ pid: number; since: Date | null }>(HOLDER, KEY);
  throw new PgstrataError("Cannot restore: another restore into this database is running", {
    code: "refused",
    context: holder === undefined
      ? {}
      : { "its server process": holder.pid, since: holder.since?.toISOString() ?? "unknown" },
    hint: "Wait until it has ended.",
  });
}
