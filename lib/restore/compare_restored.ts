import { causeMessages, counted, messageOf, qualifiedName } from "../base/mod.ts";
import type { PinnedTarget, Session } from "../connection/mod.ts";
import type { CompareRequest, Comparison } from "./comparison.ts";
import { restoredSchemas } from "./finish_database.ts";
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

/** Of a Supabase target only the users' schemas are the backup's; the platform's have columns and objects of their own. */
function ownSchemas(work: RestoreWork): string[] | null {
  const schemas = restoredSchemas(work);
  return schemas === null || !work.selection.whole ? null : [...schemas].filter((name) => name !== "").sort();
}

/** Counts the rows that went into the platform's own tables. */
export async function countPlatformRows(work: RestoreWork, session: Session): Promise<void> {
  const { list, log, source } = work;
  let tables = 0;
  for (const { desc, namespace, tag } of list.platformRows) {
    if (desc !== "TABLE DATA") continue;
    const name = qualifiedName(namespace ?? "", tag ?? "");
    const [row] = await session.query<{ count: string }>(
      `SELECT pg_catalog.count(*)::pg_catalog.text AS count FROM ONLY ${name}`,
    );
    const expected = source.manifest.tables.find((one) => one.schema === namespace && one.name === tag)?.rows ?? null;
    tables++;
    if (Number(row?.count) === expected) continue;
    log.differs = true;
    log.warn(`${name} has ${row?.count} rows instead of ${expected}`);
  }
  if (tables > 0) log.done(`counted the rows of ${counted(tables, "table")} of the platform`);
}

function together(one: Comparison, other: Comparison): Comparison {
  const compared = { ...one.compared };
  for (const [category, count] of Object.entries(other.compared)) {
    compared[category] = (compared[category] ?? 0) + count;
  }
  return {
    equal: one.equal && other.equal,
    differences: [...one.differences, ...other.differences],
    notCompared: [...one.notCompared, ...other.notCompared],
    compared,
    rows: one.rows + other.rows,
  };
}

/** Compares what was restored with the backup; gives whether it is equal (also when nobody wanted to know). */
export async function compareRestored(work: RestoreWork, target: PinnedTarget, alone: boolean): Promise<boolean> {
  const { options, deps, log, selection, list } = work;
  if (!options.compare) {
    log.notice("not compared with the backup (--no-compare)");
    return true;
  }
  log.begin("compare");
  const compare = (part: Pick<CompareRequest, "schemas" | "tables">) =>
    deps.compare({
      ...part,
      target,
      folder: options.folder,
      content: options.content,
      owners: list.owners.all && options.owners !== false,
      privileges: options.privileges,
      databaseProperties: options.createDatabase,
      alone,
      leftOut: new Map(list.leftOut.map(({ dumpId, reason }) => [dumpId, reason])),
      leftOutExtensions: list.extensionsLeftOut,
    });
  const { schemas, names } = selection;
  const others = names.filter(({ schema }) => !schemas.includes(schema));
  if (schemas.length > 0 && others.length > 0) {
    const bySchema = await compare({ schemas, tables: null });
    log.comparison = together(bySchema, await compare({ schemas: null, tables: others }));
  } else if (schemas.length > 0) {
    log.comparison = await compare({ schemas, tables: null });
  } else {
    log.comparison = await compare({
      schemas: work.facts.supabase ? ownSchemas(work) : null,
      tables: names.length === 0 ? null : names,
    });
  }
  const { equal, differences } = log.comparison;
  log.done(
    equal
      ? "compared with the backup: equal"
      : `compared with the backup: ${differences.length} difference${differences.length === 1 ? "" : "s"}`,
  );
  return equal;
}
