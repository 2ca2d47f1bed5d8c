import { compactTimestamp, PgstrataError, quoteIdentifier, quoteLiteral } from "../base/mod.ts";
import { dropRestoredDatabase, type PinnedTarget } from "../connection/mod.ts";
import { compareRestored } from "./compare_restored.ts";
import { copyDatabaseProperties } from "./database_properties.ts";
import { DIFFERENT, UNFINISHED } from "./leftovers.ts";
import { finishDatabase, runAfterStatements } from "./finish_database.ts";
import { fillDatabase, loadedText } from "./load_into.ts";
import { createDatabase, databaseName, inDatabase, openMaintenance, PATIENT } from "./maintenance.ts";
import type { PreparedRestore } from "./prepare_restore.ts";
import { swapDatabases } from "./swap_databases.ts";
import { openWriter } from "./open_writer.ts";
import { renameBack } from "./undo_command.ts";

/** Databases of a swap. */
interface SwapNames {
  /** Restored into. */
  readonly fresh: string;
  /** What the living one will be called. */
  readonly before: string;
  /** What the restored one is called when somebody goes back. */
  readonly restored: string;
}

/** Restores into a new database, compares, and only then gives it the living one's name. */
export async function restoreBySwap(work: PreparedRestore): Promise<void> {
  const { log, target, deps, facts, options } = work;
  log.ahead = ["load beside", "owners and privileges", "statistics", "compare", "swap"];
  await using maintenance = await openMaintenance(target, deps.signal);
  const { fresh, before, restored } = await freeNames(work);
  log.begin("load");
  await createDatabase(maintenance, fresh, facts.server);
  let keep = false;
  try {
    const mark = (text: string) =>
      maintenance.execute(`COMMENT ON DATABASE ${quoteIdentifier(fresh)} IS ${quoteLiteral(text + options.folder)}`);
    await mark(UNFINISHED);
    const beside = inDatabase(target, fresh);
    await fill(work, beside);
    const equal = await compareRestored(work, beside, true);
    log.ahead.shift();
    if (!equal && !options.force) {
      keep = true;
      await mark(DIFFERENT);
      throw differs(work, fresh);
    }
    log.begin("swap");
    for (const text of await copyDatabaseProperties(maintenance, target.database, fresh)) log.warn(`not set: ${text}`);
    deps.signal.throwIfAborted();
    await swap(work, { living: target.database, fresh, before });
    keep = true;
  } catch (error) {
    if (!keep) await dropFresh(work, fresh);
    throw error;
  }
  log.previousDatabase = before;
  log.undo = renameBack(target, before, restored);
  log.done(
    `put the restored database in place; the old one is ${before}`,
    `database ${target.database} is the restored one; the old one is ${before}`,
  );
  log.leave(`drop the old database when it is not needed any more: DROP DATABASE ${quoteIdentifier(before)}`);
  log.ahead.shift();
}

/** By the time, and a number where there was another restore in the same second. */
async function freeNames({ session, target, deps }: PreparedRestore): Promise<SwapNames> {
  const rows = await session.query<{ name: string }>("SELECT datname AS name FROM pg_catalog.pg_database");
  const taken = new Set(rows.map(({ name }) => name));
  const time = compactTimestamp(deps.clock.now());
  for (let count = 1;; count++) {
    const suffix = count === 1 ? time : `${time}_${count}`;
    const [fresh, before, restored] = ["restore", "before", "restored"]
      .map((word) => databaseName(target.database, `_${word}_${suffix}`)) as [string, string, string];
    if (![fresh, before, restored].some((name) => taken.has(name))) return { fresh, before, restored };
  }
}

async function fill(work: PreparedRestore, beside: PinnedTarget): Promise<void> {
  const { log, deps } = work;
  await fillDatabase(work, beside, navigator.hardwareConcurrency);
  log.done(`${loadedText(work)} into a new database`);
  log.ahead.shift();
  log.begin("finish");
  await using session = await openWriter(beside, { signal: deps.signal });
  await runAfterStatements(session, work);
  log.ahead.shift();
  await finishDatabase(session, work);
  log.ahead.shift();
}

async function swap(
  { target, deps, session }: PreparedRestore,
  names: { readonly living: string; readonly fresh: string; readonly before: string },
): Promise<void> {
  // Our own session would keep the old database from being renamed.
  await session.close();
  await using first = await openMaintenance(target, deps.signal);
  await using second = await openMaintenance(target, deps.signal);
  await swapDatabases(first, second, names);
}

async function dropFresh({ target, log, deps }: PreparedRestore, fresh: string): Promise<void> {
  // The signal may have been what stopped us.
  const signal = deps.signal.aborted ? new AbortController().signal : deps.signal;
  try {
    await using session = await openMaintenance(target, signal, PATIENT);
    await dropRestoredDatabase(session, fresh);
  } catch {
    log.targetState = `database ${target.database} was not changed; ${fresh} was left behind`;
    log.leave(`drop what was left behind: DROP DATABASE ${quoteIdentifier(fresh)}`);
  }
}

function differs({ log, target }: PreparedRestore, fresh: string): PgstrataError {
  log.targetState = `database ${target.database} was not changed; the restored one is ${fresh}`;
  log.leave(`look at ${fresh}, then drop it: DROP DATABASE ${quoteIdentifier(fresh)}`);
  return new PgstrataError(
    `Cannot put the restored database in place of ${target.database}: it differs from the backup`,
    {
      code: "not_good",
      context: { restored: fresh, differences: log.comparison?.differences.length ?? 0 },
      hint: "Look at the differences. --force swaps all the same.",
    },
  );
}
