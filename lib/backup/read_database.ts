import { setTimeout } from "node:timers/promises";
import { UnknownArchiveVersionError } from "../archive/mod.ts";
import { ConnectionError } from "../connection/mod.ts";
import { TableLockedError } from "../postgres/mod.ts";
import { runArchiveEngine } from "./archive_engine.ts";
import type { PhaseTimer } from "./back_up_into.ts";
import { runLoopEngine } from "./loop_engine.ts";
import type { ReadOutcome } from "./read_outcome.ts";
import type { ReadPlan } from "./read_plan.ts";

/** Milliseconds before the second attempt, and twice that before the third: a migration may be through by then. */
const LOCK_WAIT = 2_000;

/** Attempts in all when others lock tables while pg_dump begins. */
const LOCK_ATTEMPTS = 3;

/**
 * Reads the data with the engine asked for. An archive format we do not know is no error for the user: the loop of
 * `pg_dump` runs takes over. A table that others lock meanwhile is tried again.
 */
export async function readDatabase(plan: ReadPlan, timer: PhaseTimer): Promise<ReadOutcome> {
  for (let attempt = 1;; attempt++) {
    try {
      return plan.options.engine === "pg_dump"
        ? await runLoopEngine(plan)
        : await runArchiveEngine(plan, () => timer.begin("frame"));
    } catch (error) {
      if (error instanceof UnknownArchiveVersionError) {
        plan.warn(
          `pg_dump ${plan.tools.version} writes archive version ${error.version}, which this pgstrata does not know: ` +
            "reading with --engine pg_dump",
        );
        await plan.folder.clear();
        return await runLoopEngine(plan);
      }
      plan.deps.signal.throwIfAborted();
      const lost = await lostSession(plan);
      if (lost !== null) throw lost;
      if (!(error instanceof TableLockedError) || attempt === LOCK_ATTEMPTS) throw await withBlocker(plan, error);
      plan.deps.onEvent({
        type: "notice",
        message: `${error.message}; trying again (${attempt} of ${LOCK_ATTEMPTS - 1})`,
      });
      await plan.folder.clear();
      const { signal } = plan.deps;
      await setTimeout(LOCK_WAIT * attempt, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/**
 * Why the session that holds the snapshot is gone; null if it is there. What workers of pg_dump say of a server that goes
 * is something else: a lock they did not get, an encoding that is not valid (`lockTableForWorker`, `setup_connection`).
 */
async function lostSession({ session }: ReadPlan): Promise<ConnectionError | null> {
  return await session.query("SELECT 1").then(
    () => null,
    (error) => error instanceof ConnectionError ? error : null,
  );
}

/** Names who waits for the tables that we hold: it is their waiting that pg_dump's workers do not pass. */
async function withBlocker(plan: ReadPlan, error: unknown): Promise<unknown> {
  if (!(error instanceof TableLockedError)) return error;
  const waiting = await waitingSessions(plan).catch(() => []);
  const [first] = waiting;
  if (first === undefined) return error;
  return new TableLockedError(error.message, {
    cause: error.cause,
    context: { pid: first.pid, query: first.query },
    hint: `Process ${first.pid} waits for an exclusive lock: wait for it, or end it with ` +
      `SELECT pg_terminate_backend(${first.pid}), then run the backup again.`,
  });
}

async function waitingSessions(plan: ReadPlan): Promise<{ readonly pid: number; readonly query: string }[]> {
  return await plan.session.query<{ pid: number; query: string }>(
    "SELECT pid, left(query, 200) AS query FROM pg_catalog.pg_stat_activity " +
      "WHERE pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(pid)) ORDER BY pid",
  );
}
