import { resolve } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import { exists } from "./claim_folder.ts";
import { addUsage, type TotalUsage, totalUsage } from "./folder_usage.ts";
import { type FailedRun, readAllRecords, readFailedRuns } from "./records.ts";
import type { ShelfEntry } from "./shelf_entry.ts";
import { type ShelfFolder, shelfFolders } from "./shelf_folders.ts";
import { type IndexedBackup, readIndex, writeIndex } from "./shelf_index.ts";
import { ShelfReader } from "./shelf_reader.ts";
import type { BackupSummary } from "./summary.ts";

/** All backups of a folder. */
export interface Shelf {
  /** Absolute. */
  readonly folder: string;
  /** Newest first. */
  readonly entries: readonly ShelfEntry[];
  /** Runs that ended without a backup, oldest first. */
  readonly failedRuns: readonly FailedRun[];
  readonly usage: TotalUsage;
}

/** How a shelf is read. */
export interface ReadShelfOptions {
  /** `ignore` reads every manifest and measures every folder again: for removals. Default `use`. */
  readonly index?: "use" | "ignore";
  /** Reads the public part of an encrypted backup; null when there is none. Without it nothing is known but names. */
  readonly readEncrypted?: (folder: string, method: "age" | "gpg") => Promise<BackupSummary | null>;
}

/**
 * Reads a shelf: every backup, finished or not, ours or not, with sizes and records.
 * What an earlier look found is kept in the shelf's index and used as long as the manifest is the same.
 *
 * @throws {PgstrataError} code `usage` when there is no such folder
 */
export async function readShelf(folder: string, options: ReadShelfOptions = {}): Promise<Shelf> {
  const shelf = resolve(folder);
  if (!(await exists(shelf))) {
    throw new PgstrataError(`Cannot read the shelf: there is no folder ${folder}`, {
      code: "usage",
      hint: "Name the folder that holds the backups with --dir or PGSTRATA_DIR.",
    });
  }
  const index = options.index === "ignore" ? new Map<string, IndexedBackup>() : await readIndex(shelf);
  const records = await readAllRecords(shelf);
  const reader = new ShelfReader(shelf, index, records, options.readEncrypted ?? (() => Promise.resolve(null)));
  const entries: ShelfEntry[] = [];
  for (const found of foldersOf(shelf)) {
    try {
      entries.push(await reader.read(found));
    } catch (error) {
      // A backup may be sealed, replaced or removed while the shelf is read.
      if (!(error instanceof Deno.errors.NotFound)) entries.push(reader.refused(found, error));
    }
  }
  const sorted = entries.toSorted((a, b) => b.time.getTime() - a.time.getTime() || (a.path < b.path ? 1 : -1));
  const joined = joinPublished(reader.remeasure(sorted));
  if (reader.changed || reader.indexed.size < index.size) await writeIndex(shelf, reader.indexed);
  return {
    folder: shelf,
    entries: joined,
    failedRuns: await readFailedRuns(shelf),
    usage: totalUsage(joined.map((entry) => entry.usage)),
  };
}

function foldersOf(shelf: string): ShelfFolder[] {
  try {
    return shelfFolders(shelf);
  } catch (cause) {
    throw new PgstrataError("Cannot read the shelf: the system refused", {
      context: { folder: shelf },
      cause,
      hint: "Name the folder that holds the backups with --dir or PGSTRATA_DIR; its owner may read it.",
    });
  }
}

/**
 * Makes one entry of a backup of the ci layout that stands in `archive/` and in `latest/`. Only of the same form: a
 * plain twin that an interrupted encryption left is to be seen.
 */
function joinPublished(entries: readonly ShelfEntry[]): ShelfEntry[] {
  const published = new Map<string, ShelfEntry>();
  for (const entry of entries) {
    const key = /(?:^|\/)latest\/[^/]+$/.test(entry.path) ? twinKey(entry) : null;
    if (key !== null) published.set(key, entry);
  }
  const joined = entries.map((entry) => {
    const key = /(?:^|\/)archive\/[^/]+$/.test(entry.path) ? twinKey(entry) : null;
    const twin = published.get(key ?? "");
    if (key === null || twin === undefined) return entry;
    published.delete(key);
    return { ...entry, publishedAt: twin.path, usage: addUsage(entry.usage, twin.usage) };
  });
  const alone = new Set<ShelfEntry>(published.values());
  return joined.filter((entry) =>
    twinKey(entry) === null || !/(?:^|\/)latest\/[^/]+$/.test(entry.path) || alone.has(entry)
  );
}

/** The same for both folders of a backup; null for what is none. */
function twinKey(entry: ShelfEntry): string | null {
  if ((entry.kind !== "backup" && entry.kind !== "encrypted") || entry.summary === null) return null;
  const form = entry.kind === "encrypted" ? entry.method : "plain";
  return `${entry.path.split("/").slice(0, -2).join("/")} ${form} ${entry.summary.id}`;
}
