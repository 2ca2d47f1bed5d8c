import { checksThatRead } from "./checks_that_read.ts";
import { restorePass } from "./sql_script.ts";
import type { TocEntry } from "./toc_entry.ts";

/** Entries that one run of `pg_restore` restores. */
export interface LoadStage {
  readonly entries: readonly TocEntry[];
  /** By one session, in this order. */
  readonly alone: boolean;
}

/**
 * Parts entries into what `pg_restore --jobs` restores together and what comes after it, run by run. In most archives
 * all go together. What does not:
 *
 * - rows of tables whose checks read other tables: pg_restore would load, and refuse, them before those;
 * - indexes of partitions, attached after all others have ended: in parallel, pg_restore (seen with 17) runs into
 *   deadlocks over them; and what needs them;
 * - privileges granted in the name of others, who need privileges themselves that another entry grants;
 * - event triggers (they would fire) and refreshes, which come after all of those.
 */
export function loadStages(entries: readonly TocEntry[]): readonly LoadStage[] {
  const late = checksThatRead(entries);
  const after = afterOthers(entries);
  if (late.size === 0) return stages([{ entries: entries.filter(isBefore(after)), alone: false }], entries, after);
  const isRow = (entry: TocEntry) => late.has(entry.dumpId);
  const post = postData(entries);
  const isEarly = (entry: TocEntry) => !post.has(entry) && restorePass(entry) === 1;
  const together = entries.filter(isBefore(after));
  return stages(
    [
      { entries: together.filter((entry) => isEarly(entry) && !isRow(entry)), alone: false },
      { entries: together.filter(isRow), alone: true },
      { entries: together.filter((entry) => !isEarly(entry) && !isRow(entry)), alone: false },
    ],
    entries,
    after,
  );
}

/** Archive order, but for rows of tables whose checks read other tables: those follow all other rows. */
export function inLoadOrder(entries: readonly TocEntry[]): readonly TocEntry[] {
  const late = checksThatRead(entries);
  if (late.size === 0) return entries;
  const isRow = (entry: TocEntry) => late.has(entry.dumpId);
  const end = entries.findLastIndex((entry) => entry.section === "data") + 1;
  const head = entries.slice(0, end);
  return [...head.filter((entry) => !isRow(entry)), ...head.filter(isRow), ...entries.slice(end)];
}

/** Entries without a section of their own (comments) go with what stands before them. */
function postData(entries: readonly TocEntry[]): ReadonlySet<TocEntry> {
  let section: TocEntry["section"] = "pre-data";
  return new Set(entries.filter((entry) => {
    if (entry.section !== "none") section = entry.section;
    return section === "post-data";
  }));
}

function isBefore(after: ReadonlySet<number>): (entry: TocEntry) => boolean {
  return (entry) => !after.has(entry.dumpId);
}

function stages(
  before: readonly LoadStage[],
  entries: readonly TocEntry[],
  after: ReadonlySet<number>,
): readonly LoadStage[] {
  const last = { entries: entries.filter((entry) => after.has(entry.dumpId)), alone: true };
  return [...before, last].filter((stage) => stage.entries.length > 0);
}

/** dumpIds of what comes after all others. */
function afterOthers(entries: readonly TocEntry[]): ReadonlySet<number> {
  const after = new Set(entries.filter(isSerial).map(({ dumpId }) => dumpId));
  if (after.size === 0) return after;
  for (let before = 0; before !== after.size;) {
    before = after.size;
    for (const entry of entries) if (entry.dependencies.some((dumpId) => after.has(dumpId))) after.add(entry.dumpId);
  }
  for (const entry of entries) if (restorePass(entry) === 3) after.add(entry.dumpId);
  return after;
}

function isSerial({ desc, defn }: TocEntry): boolean {
  return desc === "INDEX ATTACH" || (desc === "ACL" && (defn ?? "").includes("\nSET SESSION AUTHORIZATION "));
}
