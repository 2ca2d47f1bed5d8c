import type { LockableRelation } from "./relation_lock.ts";
import type { Session } from "./session_contract.ts";

/** Somebody else's lock that keeps us from reading a table. */
export interface BlockingLock {
  /** Of the table, as text. */
  readonly oid: string;
  /** Qualified and quoted. */
  readonly relation: string;
  readonly pid: number;
  readonly user: string;
  /** `AccessExclusiveLock`. */
  readonly mode: string;
  /** False for one that waits itself, behind a long query, and so blocks all who come after it. */
  readonly granted: boolean;
  /** `active`, `idle in transaction` … */
  readonly state: string;
  /** What it runs or ran last, at most 200 characters, on one line. */
  readonly query: string;
}

// Only ACCESS EXCLUSIVE conflicts with ACCESS SHARE; one that waits blocks us just as one that is held. Prepared
// transactions hold locks without a process.
const BLOCKING = `
SELECT l.relation::pg_catalog.text AS oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation,
  COALESCE(l.pid, 0) AS pid, COALESCE(a.usename, 'prepared transaction')::pg_catalog.text AS user, l.mode, l.granted,
  COALESCE(a.state, 'unknown') AS state,
  pg_catalog.left(pg_catalog.regexp_replace(COALESCE(a.query, ''), '\\s+', ' ', 'g'), 200) AS query
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
ORDER BY l.granted DESC, a.xact_start`;

/** Locks of others that block reading some of `relations`, the holders first. Takes no lock on them. */
export async function blockingLocks(
  session: Session,
  relations: readonly LockableRelation[],
): Promise<readonly BlockingLock[]> {
  const wanted = new Set(relations.map(({ oid }) => String(oid)));
  return (await session.query<BlockingLock>(BLOCKING)).filter(({ oid }) => wanted.has(oid));
}
