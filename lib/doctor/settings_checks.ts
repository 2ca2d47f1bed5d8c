import { countText, durationText } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import type { Relation } from "../inventory/mod.ts";
import { type Check, ok, problem, warning } from "./check.ts";

const TIMEOUTS = `
SELECT s.name, s.setting::pg_catalog.float8 AS now, s.reset_val::pg_catalog.float8 AS usual
FROM pg_catalog.pg_settings AS s
WHERE s.name IN ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')
ORDER BY s.name`;

/**
 * Timeouts of the role. Our sessions and pg_dump turn them off; what a person runs by hand in the same role does not
 * (Supabase: two minutes for statements).
 */
export async function timeoutCheck(session: Session): Promise<Check> {
  const rows = await session.query<{ name: string; now: number; usual: number }>(TIMEOUTS);
  const usual = rows.filter((row) => row.usual > 0).map((row) => `${row.name} is ${durationText(row.usual)}`);
  const effective = rows.filter((row) => row.now > 0).map((row) => row.name);
  if (effective.length > 0) {
    return problem(
      "statement_timeout",
      `${effective.join(", ")} cannot be turned off in this session: long reads would be cut`,
      "Connect to the server itself or through a session pooler (port 5432), not a transaction pooler",
      usual,
    );
  }
  return usual.length === 0 ? ok("statement_timeout", "no timeout would cut a long read") : ok(
    "statement_timeout",
    "this role has timeouts; pgstrata and pg_dump turn them off in their own sessions. " +
      "By hand begin with SET statement_timeout = 0",
    usual,
  );
}

const LOCK_TABLE = `
SELECT pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int4 AS per,
  pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int4
  * (pg_catalog.current_setting('max_connections')::pg_catalog.int4
    + pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int4) AS room`;

/** Share of the lock table from which it is tight. */
const TIGHT = 0.7;

/** Whether all tables can be locked at once, as a backup does: the lock table's size is fixed at the server's start. */
export async function lockTableCheck(session: Session, relations: readonly Relation[]): Promise<Check> {
  const [row] = await session.query<{ per: number; room: number }>(LOCK_TABLE);
  const tables = relations.filter(({ kind }) => kind === "table" || kind === "partitioned_table").length;
  const room = row?.room ?? 0;
  const facts = `${countText(tables)} tables to lock, room for about ${countText(room)} locks`;
  if (tables <= room * TIGHT) return ok("lock_table", facts);
  const wanted = Math.ceil((row?.per ?? 64) * tables / (room * TIGHT));
  const fix = `psql -c 'ALTER SYSTEM SET max_locks_per_transaction = ${wanted}'   # then restart the server`;
  return tables > room
    ? problem("lock_table", `${facts}: a backup may fail with "out of shared memory"`, fix)
    : warning("lock_table", `${facts}: that is tight`, fix);
}

const STANDBY = `
SELECT COALESCE(pg_catalog.date_part('epoch', pg_catalog.now() - pg_catalog.pg_last_xact_replay_timestamp()), 0)
    ::pg_catalog.float8 AS lag,
  pg_catalog.pg_last_wal_receive_lsn() IS NOT DISTINCT FROM pg_catalog.pg_last_wal_replay_lsn() AS level,
  pg_catalog.current_setting('hot_standby_feedback') = 'on' AS feedback,
  (SELECT s.setting::pg_catalog.float8 FROM pg_catalog.pg_settings AS s
    WHERE s.name = 'max_standby_streaming_delay') AS delay`;

/** Seconds a standby may be behind without a word. */
const LAG = 300;

/** How far a standby is behind, and whether it would cancel a long read. Nothing on a primary. */
export async function standbyChecks(session: Session): Promise<Check[]> {
  if (!session.inRecovery) return [];
  const [row] = await session.query<{ lag: number; level: boolean; feedback: boolean; delay: number }>(STANDBY);
  if (row === undefined) return [];
  const checks: Check[] = [];
  // With nothing to replay the last transaction may be old without the standby being behind.
  checks.push(
    row.lag > LAG && !row.level
      ? warning(
        "standby_lag",
        `the standby is ${durationText(row.lag * 1000)} behind: the backup would be as old`,
        "Back up from the primary, or wait: SELECT now() - pg_last_xact_replay_timestamp()",
      )
      : ok("standby_lag", "the standby is level with its primary"),
  );
  checks.push(
    row.feedback || row.delay < 0 ? ok("standby_conflicts", "the standby lets long reads finish") : warning(
      "standby_conflicts",
      `the standby cancels reads that keep it from replaying for ${durationText(row.delay)} ` +
        '("canceling statement due to conflict with recovery")',
      "psql -c 'ALTER SYSTEM SET hot_standby_feedback = on' -c 'SELECT pg_reload_conf()'   # on the standby",
    ),
  );
  return checks;
}
