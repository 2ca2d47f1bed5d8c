import { counted, qualifiedName } from "../base/mod.ts";
import { chosenTables } from "./beside_plan.ts";
import { runParts } from "./load_into.ts";
import type { PreparedRestore } from "./prepare_restore.ts";
import { dropBeside } from "./undo_command.ts";

/** Puts tables into a schema of their own, and counts what has arrived. */
export async function restoreBeside(work: PreparedRestore): Promise<void> {
  const { log, target, inPlace, session, options, source } = work;
  const schema = options.intoSchema ?? "";
  if (inPlace === null) throw new Error("nothing was planned");
  log.ahead = ["restore the tables in one transaction", "count the rows"];
  log.begin("load");
  log.targetState = "nothing was changed: the one transaction was not committed";
  await runParts(work, target, inPlace.parts);
  log.done(
    `restored ${inPlace.entries} ${inPlace.entries === 1 ? "table" : "tables"} into schema ${schema}`,
    `the tables are in schema ${schema}; nothing else was changed`,
  );
  const tables = chosenTables(work);
  const names = tables.map(({ table }) => table.tag ?? "");
  log.undo = dropBeside(target, schema, names, !work.facts.schemas.has(schema));
  log.ahead.shift();
  log.begin("compare");
  for (const { table } of tables) {
    const name = qualifiedName(schema, table.tag ?? "");
    const [row] = await session.query<{ count: string }>(
      `SELECT pg_catalog.count(*)::pg_catalog.text AS count FROM ${name}`,
    );
    const expected = source.manifest.tables.find((one) => one.schema === table.namespace && one.name === table.tag)
      ?.rows;
    const found = Number(row?.count ?? 0);
    if (found === expected) log.done(`${name} has ${counted(found, "row")}, as in the backup`);
    else {
      log.differs = true;
      log.warn(`${name} has ${counted(found, "row")} instead of ${expected}`);
    }
    await session.execute(`ANALYZE ${name}`);
  }
  log.ahead.shift();
}
