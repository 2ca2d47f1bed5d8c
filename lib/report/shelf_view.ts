import {
  type FailedRun,
  isSameEnvironment,
  type LinkedFile,
  type Shelf,
  type ShelfEntry,
  type TotalUsage,
} from "../catalog/mod.ts";

/** A folder of a shelf with the room it takes there. */
export interface ShelfRow {
  readonly entry: ShelfEntry;
  /** Bytes of its files. */
  readonly apparent: number;
  /** Bytes it added to the disk: files it shares are counted with the oldest backup that has them. */
  readonly real: number;
}

/** What of a shelf is shown. */
export interface ShelfView {
  /** Absolute. */
  readonly folder: string;
  /** Newest first. */
  readonly rows: readonly ShelfRow[];
  /** The newest failed run of each environment, if there is no good backup since. */
  readonly failedRuns: readonly FailedRun[];
  /** Of the rows: the sums of what they say. */
  readonly usage: TotalUsage;
  /** All environments of the shelf, by name. */
  readonly environments: readonly string[];
}

/**
 * A shelf, or what it holds of some environments.
 *
 * @param environments null for all, and for folders of which no environment is known
 */
export function shelfView(shelf: Shelf, environments: readonly string[] | null): ShelfView {
  const isMeant = (name: string | null) =>
    environments === null || (name !== null && environments.some((one) => isSameEnvironment(one, name)));
  const real = addedBytes(shelf.entries);
  const rows = shelf.entries.filter(({ environment }) => isMeant(environment)).map((entry): ShelfRow => ({
    entry,
    apparent: entry.usage.apparent,
    real: real.get(entry.path) ?? 0,
  }));
  return {
    folder: shelf.folder,
    rows,
    failedRuns: openFailedRuns(shelf).filter(({ environment }) => isMeant(environment)),
    usage: {
      apparent: rows.reduce((sum, row) => sum + row.apparent, 0),
      real: rows.reduce((sum, row) => sum + row.real, 0),
    },
    environments: [...new Set(shelf.entries.flatMap(({ environment }) => environment ?? []))].sort(),
  };
}

/** Bytes each folder added, the oldest first, by path; they add up to what the shelf takes. */
function addedBytes(entries: readonly ShelfEntry[]): Map<string, number> {
  const seen = new Set<string>();
  const isNew = ([key]: LinkedFile) => !seen.has(key) && seen.add(key);
  return new Map(
    entries.toReversed().map(({ path, usage }) => [
      path,
      usage.links.filter(isNew).reduce((sum, [, bytes]) => sum + bytes, usage.own),
    ]),
  );
}

function openFailedRuns({ entries, failedRuns }: Shelf): FailedRun[] {
  const newest = new Map(failedRuns.map((run) => [run.environment, run]));
  return [...newest.values()].filter((run) => {
    const good = entries.find((entry) =>
      entry.environment !== null && isSameEnvironment(entry.environment, run.environment) &&
      (entry.kind === "backup" || entry.kind === "encrypted") && entry.summary?.status === "complete"
    );
    return good === undefined || good.time.toISOString() < run.startedAt;
  });
}
