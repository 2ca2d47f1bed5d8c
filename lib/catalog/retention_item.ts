import type { BackupMarks } from "./backup_marks.ts";
import type { FolderUsage } from "./folder_usage.ts";
import type { Shelf } from "./shelf.ts";
import type { ShelfEntry } from "./shelf_entry.ts";
import type { BackupSummary } from "./summary.ts";

/** What retention needs to know of a folder of the shelf. */
export interface RetentionItem {
  /** Below the shelf; no two items have the same. */
  readonly path: string;
  readonly time: Date;
  readonly environment: string | null;
  readonly label: string | null;
  /**
   * `good`: sealed, complete, never found damaged; `foreign`: not recognised as ours;
   * `leftover`: unfinished, and nobody writes to it.
   */
  readonly state: "good" | "incomplete" | "damaged" | "foreign" | "unreadable" | "running" | "leftover" | "deleting";
  readonly marks: BackupMarks;
  /** Whether it is shown as `latest/…`. */
  readonly published: boolean;
  /** Until when its storage is paid for in any case: removing it before would save nothing. Null on a disk. */
  readonly paidUntil: Date | null;
  readonly tables: number | null;
  /** Bytes of COPY data and large objects; null where the manifest cannot be read. */
  readonly dataBytes: number | null;
  readonly usage: FolderUsage;
}

/** A run that ended without a backup. */
export interface FailedStart {
  readonly environment: string;
  readonly startedAt: Date;
}

/** A shelf as retention sees it. */
export interface RetentionHistory {
  readonly items: readonly RetentionItem[];
  readonly failedStarts: readonly FailedStart[];
}

/** A shelf as retention sees it. Unfinished folders that nobody writes to are failed runs too. */
export function retentionHistory(shelf: Shelf): RetentionHistory {
  const items = shelf.entries.map(retentionItem);
  const leftovers = items.flatMap(({ state, environment, time }) =>
    state === "leftover" && environment !== null ? [{ environment, startedAt: time }] : []
  );
  const failed = shelf.failedRuns.map((run) => ({ ...run, startedAt: new Date(run.startedAt) }));
  return { items, failedStarts: [...failed, ...leftovers] };
}

const NOTHING_KNOWN = {
  marks: { verified: null, damaged: null, drilled: null, keep: null, stored: [] },
  published: false,
  paidUntil: null,
  tables: null,
  dataBytes: null,
} as const;

function retentionItem(entry: ShelfEntry): RetentionItem {
  const { path, time, environment, label, usage } = entry;
  const base = { path, time, environment, label, usage, ...NOTHING_KNOWN };
  switch (entry.kind) {
    case "backup":
      return { ...base, ...ours(entry.summary, entry.marks), published: entry.publishedAt !== null || isLatest(path) };
    case "encrypted":
      return entry.summary === null
        ? { ...base, state: "unreadable" }
        : { ...base, ...ours(entry.summary, entry.marks), published: entry.publishedAt !== null || isLatest(path) };
    case "partial":
      return { ...base, state: entry.running ? "running" : "leftover" };
    case "deleting":
    case "foreign":
    case "unreadable":
      return { ...base, state: entry.kind };
    default:
      return entry satisfies never;
  }
}

function ours(summary: BackupSummary, marks: BackupMarks) {
  const state = marks.damaged !== null ? "damaged" : summary.status === "complete" ? "good" : "incomplete";
  return { state, marks, tables: summary.tables, dataBytes: summary.dataBytes } as const;
}

function isLatest(path: string): boolean {
  return /(?:^|\/)latest\/[^/]+$/.test(path);
}
