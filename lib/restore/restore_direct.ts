import { compareAfterwards } from "./compare_restored.ts";
import { applyDatabaseStatements, databaseStatements } from "./database_properties.ts";
import { finishDatabase, runAfterStatements } from "./finish_database.ts";
import { fillDatabase } from "./load_into.ts";
import { dropDatabase, openMaintenance } from "./maintenance.ts";
import type { PreparedRestore } from "./prepare_restore.ts";

/** Loads into an empty database, in parallel. */
export async function restoreDirect(work: PreparedRestore): Promise<void> {
  const { log, target, options, list, deps } = work;
  log.ahead = ["load", "owners and privileges", "statistics", "compare"];
  log.begin("load");
  try {
    log.targetState = "the load was begun; the database was empty before and holds a part of the backup now";
    await fillDatabase(work, target, navigator.hardwareConcurrency);
  } catch (error) {
    if (options.createDatabase) await dropCreated(work);
    throw error;
  }
  log.done(`loaded ${list.entries.length} objects`, "everything was loaded");
  log.ahead.shift();
  log.begin("finish");
  await runAfterStatements(work.session, work);
  log.ahead.shift();
  if (options.createDatabase) {
    const statements = databaseStatements(work.archive.toc, target.database);
    const refused = await applyDatabaseStatements(work.session, statements, null);
    for (const text of refused) log.warn(`not set: ${text}`);
    log.done("set the database's comment, settings and privileges");
  } else if (work.selection.whole) {
    for (const statement of databaseStatements(work.archive.toc, target.database)) {
      log.leave(`the backup's database had: ${statement}`);
    }
  }
  await finishDatabase(work.session, work);
  log.ahead.shift();
  await compareAfterwards(work, target, work.selection.whole);
  log.ahead.shift();
  deps.signal.throwIfAborted();
}

/** The database was ours alone: it goes again. */
async function dropCreated({ log, target, deps, session }: PreparedRestore): Promise<void> {
  await session.close();
  // The signal may have been what stopped us.
  const signal = deps.signal.aborted ? new AbortController().signal : deps.signal;
  try {
    await using maintenance = await openMaintenance(target, signal);
    await dropDatabase(maintenance, target.database);
    log.done(`dropped database ${target.database} again`, "nothing was changed: the new database was dropped again");
  } catch {
    log.targetState = `database ${target.database} was created and holds a part of the backup`;
  }
}
