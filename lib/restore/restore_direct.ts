import { dropCreated } from "./drop_created.ts";
import { compareAfterwards } from "./compare_restored.ts";
import { applyDatabaseStatements, databaseOwner, databaseStatements } from "./database_properties.ts";
import { databaseToc } from "./database_toc.ts";
import { finishDatabase, runAfterStatements } from "./finish_database.ts";
import { fillDatabase, loadedText } from "./load_into.ts";
import type { PreparedRestore } from "./prepare_restore.ts";

/** Loads into an empty database, in parallel. */
export async function restoreDirect(work: PreparedRestore): Promise<void> {
  const { log, target, options, deps } = work;
  log.ahead = ["load", "owners and privileges", "statistics", "compare"];
  log.begin("load");
  try {
    if (work.script === null) {
      log.targetState = "the load was begun; the database was empty before and holds a part of the backup now";
    }
    await fillDatabase(work, target, navigator.hardwareConcurrency);
  } catch (error) {
    if (log.createdDatabase) {
      await work.session.close();
      await dropCreated(work);
    } else if (work.script === null) {
      log.leave(
        work.facts.role.createDatabase
          ? "the target is not empty any more: run it again, and a new database is filled beside it and swapped in"
          : "the target is not empty any more: drop and create the database, then run it again",
      );
    }
    throw error;
  }
  log.createdDatabase = false;
  log.done(loadedText(work), "everything was loaded");
  log.ahead.shift();
  log.begin("finish");
  await runAfterStatements(work.session, work);
  log.ahead.shift();
  if (options.createDatabase) {
    const toc = await databaseToc(work);
    const owner = options.owners === false ? [] : databaseOwner(toc, target.database);
    // The owner comes last: who gives a database away may not set anything about it any more.
    const statements = [...databaseStatements(toc, target.database), ...owner];
    const refused = await applyDatabaseStatements(work.session, statements, null);
    for (const text of refused) log.warn(`not set: ${text}`);
    if (statements.length > refused.length) log.done("set the database's owner, comment, settings and privileges");
  } else if (work.selection.whole) {
    for (const statement of databaseStatements(await databaseToc(work), target.database)) {
      log.leave(`the backup's database had: ${statement}`);
    }
  }
  await finishDatabase(work.session, work);
  log.ahead.shift();
  await compareAfterwards(work, target, work.selection.whole);
  log.ahead.shift();
  deps.signal.throwIfAborted();
}
