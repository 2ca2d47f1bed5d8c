import { messageOf, PgstrataError } from "../base/mod.ts";
import { QueryError } from "./connection_error.ts";
import { type BlockingLock, blockingLocks } from "./blocking_lock.ts";
import { type LockableRelation, lockStatements, sameRelations } from "./relation_lock.ts";
import type { Session } from "./session_contract.ts";

/** Rounds before giving up on a database whose tables change faster than they can be locked. */
const MOST_RACES = 10;

/**
 * Milliseconds to wait for a lock while holding others. Under deadlock_timeout (1 s by default), so that neither we nor
 * those who wait for us are found in a deadlock: their ALTER TABLE must not die of our backup.
 */
const SHORT_WAIT = 200;

/** Milliseconds of one wait for the table that somebody holds, so that an abort is noticed. */
const LONG_WAIT = 5_000;

/** Milliseconds between signs of life, so that no NAT, proxy or pooler takes an idle connection for dead. */
const HEARTBEAT = 30_000;

/** Relation gone, schema gone, or no table any more: the list was overtaken. */
const OVERTAKEN: ReadonlySet<string> = new Set(["42P01", "3F000", "42809"]);

const LOCK_NOT_AVAILABLE = "55P03";

/** How to open a snapshot. */
export interface SnapshotOptions {
  /** Tables to lock (relkind r and p), read through the same session: called before and under the snapshot. */
  readonly listRelations: () => Promise<readonly LockableRelation[]>;
  /** Most milliseconds to wait for locks in all. */
  readonly lockTimeout: number;
  readonly signal?: AbortSignal;
  /** Told why a round starts anew. */
  readonly onRetry?: (message: string) => void;
  /** Milliseconds between signs of life; default 30 s. */
  readonly heartbeat?: number;
}

/** An exported snapshot, held by a transaction that also holds the locks. Disposing ends both. */
export interface Snapshot extends AsyncDisposable {
  /** For `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`. */
  readonly id: string;
  /** WAL position just after the snapshot; null where this role or server does not tell. */
  readonly walPosition: string | null;
  /** The server's clock when the snapshot was taken. */
  readonly time: Date;
  /** What is locked, as seen under the snapshot. */
  readonly relations: readonly LockableRelation[];
  /** Aborted, with the error as its reason, when the session, and the snapshot with it, is lost. */
  readonly lost: AbortSignal;
}

/** An {@linkcode Snapshot}'s name, as other sessions take it. */
export type ExportedSnapshot = Pick<Snapshot, "id" | "walPosition" | "time">;

/**
 * Opens a `REPEATABLE READ READ ONLY` transaction on `session`, locks all tables against DDL, then takes and exports the
 * snapshot. An exported snapshot alone does not hold off DDL: a TRUNCATE afterwards would read as no rows.
 *
 * The session belongs to the snapshot until it is disposed; queries on it see the snapshot. No lock is waited for
 * long while others are held, so that no deadlock can come of it.
 *
 * @throws {PgstrataError} code `failed`, when a lock is not to be had in time (the hint names who holds it), when tables
 * change too fast, or when the server's lock table is too small
 */
export async function openSnapshot(session: Session, options: SnapshotOptions): Promise<Snapshot> {
  const deadline = performance.now() + options.lockTimeout;
  let relations = await options.listRelations();
  let contended: readonly BlockingLock[] = [];
  let races = 0;
  while (true) {
    options.signal?.throwIfAborted();
    const remaining = Math.max(1, Math.ceil(deadline - performance.now()));
    try {
      const exported = await lockAndExport(session, relations, contended, remaining);
      const under = await options.listRelations();
      if (sameRelations(relations, under)) {
        return new HeldSnapshot(session, { ...exported, ...await walPosition(session), relations: under }, options);
      }
      await session.execute("ROLLBACK");
      relations = under;
      contended = [];
    } catch (error) {
      await rollBack(session);
      options.signal?.throwIfAborted();
      if (!(error instanceof QueryError)) throw error;
      if (error.sqlstate === LOCK_NOT_AVAILABLE) {
        const blocking = await blockingLocks(session, relations);
        if (blocking.length > 0) contended = blocking;
        if (performance.now() >= deadline) throw lockError(error, contended, options.lockTimeout);
        options.onRetry?.(`waiting for a lock on ${contended[0]?.relation ?? "a table"}`);
        continue;
      }
      if (!OVERTAKEN.has(error.sqlstate)) throw otherError(error, relations.length);
      relations = await options.listRelations();
      contended = [];
    }
    if (++races >= MOST_RACES) {
      throw new PgstrataError(`Cannot take a snapshot: tables were created or dropped in each of ${races} attempts`, {
        hint: "Run the backup when migrations are not running, or leave the changing tables out with --exclude-table.",
      });
    }
    options.onRetry?.("tables were created or dropped meanwhile; starting anew");
  }
}

interface Exported {
  readonly id: string;
  readonly time: Date;
}

/** One round trip: transaction, locks, and only then the first statement that takes the snapshot. */
async function lockAndExport(
  session: Session,
  relations: readonly LockableRelation[],
  contended: readonly BlockingLock[],
  remaining: number,
): Promise<Exported> {
  // The table somebody holds comes first, alone: waiting for it while holding nothing cannot deadlock.
  const first = relations.find(({ oid }) => String(oid) === contended[0]?.oid);
  await session.execute(`
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
${first === undefined ? "" : `SET LOCAL lock_timeout = ${Math.min(LONG_WAIT, remaining)}; ${lockStatements([first])}`}
SET LOCAL lock_timeout = ${Math.min(SHORT_WAIT, remaining)};
${lockStatements(relations)}
SET LOCAL lock_timeout = 0`);
  const [row] = await session.query<Exported>(
    "SELECT pg_catalog.pg_export_snapshot() AS id, pg_catalog.clock_timestamp() AS time",
  );
  if (row === undefined) throw new PgstrataError("Cannot take a snapshot: the server exported none");
  return row;
}

/** The WAL position, under a savepoint: the function may be forbidden or unknown to a hosted server. */
async function walPosition(session: Session): Promise<{ walPosition: string | null }> {
  const position = session.inRecovery ? "pg_last_wal_replay_lsn" : "pg_current_wal_lsn";
  try {
    await session.execute("SAVEPOINT wal_position");
    const [row] = await session.query<{ lsn: string | null }>(
      `SELECT pg_catalog.${position}()::pg_catalog.text AS lsn`,
    );
    return { walPosition: row?.lsn ?? null };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    await session.execute("ROLLBACK TO SAVEPOINT wal_position");
    return { walPosition: null };
  }
}

class HeldSnapshot implements Snapshot {
  readonly id: string;
  readonly walPosition: string | null;
  readonly time: Date;
  readonly relations: readonly LockableRelation[];
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #beat: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly session: Session,
    facts: Omit<Snapshot, "lost" | typeof Symbol.asyncDispose>,
    options: SnapshotOptions,
  ) {
    this.id = facts.id;
    this.walPosition = facts.walPosition;
    this.time = facts.time;
    this.relations = facts.relations;
    this.#heartbeat = setInterval(() => {
      // A failure shows in `lost`; a busy session needs no sign of life.
      if (!session.busy) this.#beat = session.query("SELECT 1").catch(() => {});
    }, options.heartbeat ?? HEARTBEAT);
  }

  get lost(): AbortSignal {
    return this.session.lost;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#beat;
    await rollBack(this.session);
  }
}

/** Ends the transaction if the session still lives; with a lost one the server has ended it. */
async function rollBack(session: Session): Promise<void> {
  await session.execute("ROLLBACK").catch(() => {});
}

function lockError(cause: QueryError, locks: readonly BlockingLock[], timeout: number): PgstrataError {
  const [lock] = locks;
  const state = lock === undefined
    ? `locks were not to be had within ${timeout / 1000} s`
    : `${lock.relation} was locked for more than ${timeout / 1000} s`;
  return new PgstrataError(`Cannot lock the tables: ${state}`, {
    cause,
    hint: lock === undefined
      ? "Raise --lock-wait-timeout, or run the backup when no migration runs."
      : `Process ${lock.pid} of user "${lock.user}" ${
        lock.granted ? "holds" : "waits for"
      } ${lock.mode} on it (${lock.state}): ${lock.query}. ` +
        `Wait for it, end it with SELECT pg_terminate_backend(${lock.pid}), or raise --lock-wait-timeout.`,
    ...(lock === undefined ? {} : { context: { table: lock.relation, pid: lock.pid, user: lock.user } }),
  });
}

function otherError(error: QueryError, count: number): PgstrataError {
  if (error.sqlstate === "53200") {
    return new PgstrataError(`Cannot lock ${count} tables: the server's lock table is full`, {
      cause: error,
      hint: "Raise max_locks_per_transaction (64 by default) and restart the server; pg_dump needs as many.",
    });
  }
  if (error.sqlstate === "42501") {
    return new PgstrataError("Cannot lock the tables: this role may not read all of them", {
      cause: error,
      hint: `${messageOf(error.cause)}. Grant SELECT (or pg_read_all_data), or leave what cannot be read out.`,
    });
  }
  return error;
}
