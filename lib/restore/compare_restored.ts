import type { PinnedTarget } from "../connection/mod.ts";
import type { RestoreWork } from "./restore_work.ts";

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
