import { durationText } from "../base/mod.ts";
import { blockingLocks, chooseJobs, readSlots, type Session } from "../connection/mod.ts";
import type { Relation } from "../inventory/mod.ts";
import { type Check, ok, problem, shortened, warning } from "./check.ts";

/** Seconds from which a transaction counts as long. */
const LONG = 300;

/** Connections besides pg_dump's, as in a backup: pg_dumpall's. */
const EXTRA_CONNECTIONS = 1;

/** Whether the server has room for the readers. */
export async function connectionCheck(session: Session, wanted: number): Promise<Check> {
  const slots = await readSlots(session);
  const { jobs, warning: lowered } = chooseJobs(wanted, slots, { kind: session.target.kind, extra: EXTRA_CONNECTIONS });
  const facts = `${slots.free} connections are free (${slots.used} of ${slots.maxConnections} used, ` +
    `${slots.reserved} reserved${slots.limit === undefined ? "" : `, limit ${slots.limit}`})`;
  if (lowered === undefined) return ok("connections", `${facts}: room for --jobs ${wanted}`);
  const raise = session.target.kind === "supabase_session_pooler"
    ? "raise the pool size in the project's database settings"
    : slots.limit === undefined
    ? "end idle clients, or raise max_connections"
    : "end idle clients, or raise the role's or the database's CONNECTION LIMIT";
  if (slots.free < 2 + EXTRA_CONNECTIONS) {
    return problem(
      "connections",
      `${facts}: not enough even for one reader`,
      `${raise.charAt(0).toUpperCase()}${raise.slice(1)}`,
    );
  }
  return warning(
    "connections",
    `${facts}: --jobs ${wanted} would be lowered to ${jobs}`,
    `pgstrata backup ${session.target.environment} --jobs ${jobs}   # or ${raise}`,
  );
}

const TRANSACTIONS = `
SELECT a.pid, COALESCE(a.usename, '')::pg_catalog.text AS "user", COALESCE(a.state, 'unknown') AS state,
  pg_catalog.date_part('epoch', pg_catalog.now() - a.xact_start)::pg_catalog.float8 AS seconds,
  pg_catalog.left(pg_catalog.regexp_replace(COALESCE(a.query, ''), '\\s+', ' ', 'g'), 100) AS query
FROM pg_catalog.pg_stat_activity AS a
WHERE a.xact_start IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid() AND a.datname = pg_catalog.current_database()
  AND pg_catalog.date_part('epoch', pg_catalog.now() - a.xact_start) >= $1::pg_catalog.float8
UNION ALL
SELECT 0, p.owner::pg_catalog.text, 'prepared transaction',
  pg_catalog.date_part('epoch', pg_catalog.now() - p.prepared)::pg_catalog.float8, p.gid
FROM pg_catalog.pg_prepared_xacts AS p
WHERE p.database = pg_catalog.current_database()
  AND pg_catalog.date_part('epoch', pg_catalog.now() - p.prepared) >= $1::pg_catalog.float8
ORDER BY 4 DESC`;

interface TransactionRow {
  readonly pid: number;
  readonly user: string;
  readonly state: string;
  readonly seconds: number;
  readonly query: string;
}

/**
 * Transactions that have been open for long: they may hold or want locks that a backup waits for.
 *
 * @param from seconds from which one counts
 */
export async function transactionCheck(session: Session, from = LONG): Promise<Check> {
  const rows = await session.query<TransactionRow>(TRANSACTIONS, [from]);
  const [oldest] = rows;
  if (oldest === undefined) return ok("long_transactions", `no transaction is older than ${durationText(from * 1000)}`);
  const fix = oldest.pid === 0
    ? `psql -c "ROLLBACK PREPARED '${oldest.query}'"`
    : `psql -c 'SELECT pg_terminate_backend(${oldest.pid})'`;
  return warning(
    "long_transactions",
    `${rows.length === 1 ? "a transaction is" : `${rows.length} transactions are`} older than ${
      durationText(from * 1000)
    }: that keeps locks and dead rows`,
    fix,
    shortened(
      rows.map(({ pid, user, state, seconds, query }) =>
        `${pid === 0 ? "prepared" : `process ${pid}`} of ${user}, ${state}, for ${
          durationText(seconds * 1000)
        }: ${query}`
      ),
    ),
  );
}

/** Locks that a backup would wait for now. */
export async function lockCheck(session: Session, relations: readonly Relation[]): Promise<Check> {
  const tables = relations.filter(({ kind }) => kind === "table" || kind === "partitioned_table");
  const locks = await blockingLocks(
    session,
    tables.map(({ oid, schema, name, kind }) => ({ oid, schema, name, kind: kind === "table" ? "r" : "p" })),
  );
  const [first] = locks;
  if (first === undefined) return ok("locks", "no table is locked against reading");
  return problem(
    "locks",
    `${locks.length} locks keep a backup from reading`,
    `psql -c 'SELECT pg_terminate_backend(${first.pid})'   # or wait, or raise --lock-wait-timeout`,
    shortened(
      locks.map(({ relation, pid, user, granted, query }) =>
        `${relation}: process ${pid} of ${user} ${granted ? "holds" : "waits for"} it: ${query}`
      ),
    ),
  );
}
