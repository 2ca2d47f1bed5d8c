import { systemClock, toPgstrataError } from "../lib/base/mod.ts";
import { findBackup } from "../lib/catalog/mod.ts";
import { chooseDestinations } from "../lib/storage/mod.ts";
import type { TaskContext } from "./command.ts";
import { pushOne } from "./push.ts";
import { READ_OPTIONS } from "./read_backups.ts";
import { shelfSetting } from "./shelf_setting.ts";
import { worstExit } from "./worst_exit.ts";

/** Requests at the same time, as `push` has it by default. */
const JOBS = 4;

/**
 * `backup --push`: copies each new backup to every storage of `pgstrata.json`. A place that fails does not keep the next
 * one from getting its copy, and the backup itself stands.
 *
 * @returns the exit code
 */
export async function pushAfterBackup(
  folders: readonly string[],
  context: TaskContext,
  signal: AbortSignal,
): Promise<number> {
  const setting = await shelfSetting(context);
  const exits: number[] = [];
  for (const destination of chooseDestinations(setting.config.storage, [], setting.env)) {
    for (const folder of folders) {
      try {
        const { entry, shelf } = await findBackup(setting.folder, folder, context.cwd, READ_OPTIONS);
        await pushOne(shelf, entry, destination, {
          setting,
          context,
          deps: { clock: systemClock },
          signal,
          jobs: JOBS,
        });
      } catch (thrown) {
        const error = toPgstrataError(signal.aborted ? signal.reason : thrown);
        context.console.error(error);
        exits.push(error.exit);
      }
    }
  }
  return worstExit(exits);
}
