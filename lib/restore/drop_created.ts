import { quoteIdentifier } from "../base/mod.ts";
import { dropRestoredDatabase } from "../connection/mod.ts";
import { openMaintenance, PATIENT } from "./maintenance.ts";
import type { RestoreStart } from "./prepare_restore.ts";

/** Drops the database that `--create-db` made: it was ours alone. That this fails is told, and not fatal. */
export async function dropCreated({ log, target, deps }: Pick<RestoreStart, "log" | "target" | "deps">): Promise<void> {
  // The signal may have been what stopped us.
  const signal = deps.signal.aborted ? new AbortController().signal : deps.signal;
  try {
    await using maintenance = await openMaintenance(target, signal, PATIENT);
    await dropRestoredDatabase(maintenance, target.database);
    log.createdDatabase = false;
    log.done(`dropped database ${target.database} again`, "nothing was changed: the new database was dropped again");
  } catch {
    log.targetState = `database ${target.database} was created and holds a part of the backup`;
    log.leave(`drop what was left behind: DROP DATABASE ${quoteIdentifier(target.database)}`);
  }
}
