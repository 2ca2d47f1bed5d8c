import { counted, qualifiedName } from "../base/mod.ts";
import { compareAfterwards, countPlatformRows } from "./compare_restored.ts";
import { findDanglingRows } from "./dangling_rows.ts";
import { finishDatabase } from "./finish_database.ts";
import { runParts } from "./load_into.ts";
import type { PreparedRestore } from "./prepare_restore.ts";
import { undoCommand } from "./undo_command.ts";

/** Changes the living database in one transaction. */
export async function restoreInPlace(work: PreparedRestore): Promise<void> {
  const { log, target, inPlace } = work;
  if (inPlace === null) throw new Error("nothing was planned");
  log.ahead = ["change the database in one transaction", "statistics", "compare"];
  log.begin("load");
  // If we die now, so does psql, and the server undoes what was not committed.
  log.targetState = "nothing was changed: the one transaction was not committed";
  log.undo = undoCommand(work, log.safetyBackup);
  await runParts(work, target, inPlace.parts);
  for (const task of inPlace.todo ?? []) log.leave(task);
  log.done(
    `restored ${counted(inPlace.entries, "object")} in one transaction`,
    "everything was restored and committed",
  );
  log.ahead.shift();
  log.begin("finish");
  await finishDatabase(work.session, work);
  log.ahead.shift();
  if (work.options.compare) {
    await countPlatformRows(work, work.session);
    const filled = uncheckedTables(work);
    if (filled.length > 0) await findDanglingRows(work.session, work, filled);
  }
  await compareAfterwards(work, target, false);
  log.ahead.shift();
}

/** Tables whose rows went in without a look at foreign keys. */
function uncheckedTables({ list, options, selection, source }: PreparedRestore): string[] {
  const chosen = new Set(selection.names.map(({ schema, name }) => qualifiedName(schema, name)));
  const rows = options.content !== "data-only"
    ? []
    : source.manifest.tables.filter(({ schema, name }) =>
      selection.whole || selection.schemas.includes(schema) || chosen.has(qualifiedName(schema, name))
    );
  const platform = list.platformRows.filter(({ desc }) => desc === "TABLE DATA");
  return [
    ...rows.map(({ schema, name }) => qualifiedName(schema, name)),
    ...platform.map(({ namespace, tag }) => qualifiedName(namespace ?? "", tag ?? "")),
  ];
}
