import { restorePass } from "./sql_script.ts";
import type { TocEntry } from "./toc_entry.ts";

/**
 * Parts entries into those that `pg_restore --jobs` restores together and those that come after, by one session.
 * Indexes of partitions are attached after all others have ended: in parallel, pg_restore (seen with 17) runs into
 * deadlocks over them. What needs them, event triggers (they would fire) and refreshes come after that.
 */
export function withoutDeadlocks(
  entries: readonly TocEntry[],
): { readonly together: readonly TocEntry[]; readonly after: readonly TocEntry[] } {
  const after = new Set(entries.filter(({ desc }) => desc === "INDEX ATTACH").map(({ dumpId }) => dumpId));
  if (after.size === 0) return { together: entries, after: [] };
  for (let before = 0; before !== after.size;) {
    before = after.size;
    for (const entry of entries) if (entry.dependencies.some((dumpId) => after.has(dumpId))) after.add(entry.dumpId);
  }
  const isAfter = (entry: TocEntry) => after.has(entry.dumpId) || restorePass(entry) === 3;
  return { together: entries.filter((entry) => !isAfter(entry)), after: entries.filter(isAfter) };
}
