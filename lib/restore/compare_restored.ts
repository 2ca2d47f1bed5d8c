import { causeMessages, messageOf } from "../base/mod.ts";
import type { PinnedTarget } from "../connection/mod.ts";
import type { RestoreWork } from "./restore_work.ts";

/**
 * Compares what is restored already. That the comparison cannot be made undoes nothing: it is told, and counts as a
 * difference.
 */
export async function compareAfterwards(work: RestoreWork, target: PinnedTarget, alone: boolean): Promise<void> {
  try {
    await compareRestored(work, target, alone);
  } catch (error) {
    work.deps.signal.throwIfAborted();
    work.log.differs = true;
    work.log.warn(`not compared with the backup: ${[messageOf(error), ...causeMessages(error)].join(": ")}`);
  }
}

/** Compares what was restored with the backup; gives whether it is equal (also when nobody wanted to know). */
export async function compareRestored(work: RestoreWork, target: PinnedTarget, alone: boolean): Promise<boolean> {
  const { options, deps, log, selection, list } = work;
  if (!options.compare) {
    log.notice("not compared with the backup (--no-compare)");
    return true;
  }
  log.begin("compare");
  log.comparison = await deps.compare({
    target,
    folder: options.folder,
    schemas: selection.schemas.length === 0 ? null : selection.schemas,
    tables: selection.names.length === 0 ? null : selection.names,
    content: options.content,
    owners: list.owners.all && options.owners !== false,
    privileges: options.privileges,
    databaseProperties: options.createDatabase,
    alone,
    leftOut: new Map(list.leftOut.map(({ dumpId, reason }) => [dumpId, reason])),
    leftOutExtensions: list.extensionsLeftOut,
  });
  const { equal, differences } = log.comparison;
  log.done(equal ? "compared with the backup: equal" : `compared with the backup: ${differences.length} differences`);
  return equal;
}
