import type { BackupMarks, BackupSummary, ForeignDescription, ShelfEntry } from "../lib/catalog/mod.ts";
import type { ShelfRow } from "../lib/report/mod.ts";

/** A folder of a shelf in `--json` output of `list` and `show`. Sizes in bytes, times ISO. */
export interface FolderDocument {
  /** Its name below the shelf: what BACKUP arguments take. */
  readonly path: string;
  readonly folder: string;
  readonly kind: ShelfEntry["kind"];
  readonly time: string;
  /** Seconds. */
  readonly age: number;
  readonly environment: string | null;
  readonly label: string | null;
  /** `real`: what it added to the disk; files shared with an older backup are counted there. */
  readonly size: { readonly apparent: number; readonly real: number };
  /** `here`, and the names of cold storage that holds a copy. */
  readonly where: readonly string[];
  readonly encrypted: "age" | "gpg" | null;
  /** Facts of the manifest; null where they are not known. */
  readonly backup: BackupSummary | null;
  readonly verified: BackupMarks["verified"];
  readonly damaged: BackupMarks["damaged"];
  readonly drilled: BackupMarks["drilled"];
  readonly keep: BackupMarks["keep"];
  /** Its second folder, as the latest of the ci layout. */
  readonly publishedAt: string | null;
  /** Of a `partial` folder: whether it is still written to. */
  readonly running: boolean | null;
  /** Of an `unreadable` one. */
  readonly reason: string | null;
  /** Of a `foreign` one. */
  readonly found: ForeignDescription | null;
}

/** One folder of a shelf, for programs. */
export function folderDocument({ entry, apparent, real }: ShelfRow, now: Date): FolderDocument {
  const ours = entry.kind === "backup" || entry.kind === "encrypted" ? entry : null;
  const { verified = null, damaged = null, drilled = null, keep = null } = ours?.marks ?? {};
  return {
    path: entry.path,
    folder: entry.folder,
    kind: entry.kind,
    time: entry.time.toISOString(),
    age: Math.floor((now.getTime() - entry.time.getTime()) / 1000),
    environment: entry.environment,
    label: entry.label,
    size: { apparent, real },
    where: ["here", ...ours?.marks.stored ?? []],
    encrypted: entry.kind === "encrypted" ? entry.method : null,
    backup: ours?.summary ?? null,
    verified,
    damaged,
    drilled,
    keep,
    publishedAt: ours?.publishedAt ?? null,
    running: entry.kind === "partial" ? entry.running : null,
    reason: entry.kind === "unreadable" ? entry.reason : null,
    found: entry.kind === "foreign" ? entry.description : null,
  };
}
