import type { FolderUsage } from "./folder_usage.ts";
import type { BackupMarks } from "./backup_marks.ts";
import type { BackupSummary } from "./summary.ts";

/** What every folder of a shelf has. */
interface EntryBase {
  /** Below the shelf, `/` between the parts: its name for people. */
  readonly path: string;
  /** Where it stands. */
  readonly folder: string;
  /** When it was begun: by its manifest, else its name, else its change on disk. */
  readonly time: Date;
  /** By its manifest, else as its name has it. */
  readonly environment: string | null;
  readonly label: string | null;
  readonly usage: FolderUsage;
}

/** A sealed backup with a readable manifest. */
export interface SealedEntry extends EntryBase {
  readonly kind: "backup";
  readonly environment: string;
  readonly summary: BackupSummary;
  readonly marks: BackupMarks;
  /** Its second folder (`latest/…`), below the shelf; {@linkcode FolderUsage} counts both. */
  readonly publishedAt: string | null;
}

/** A sealed backup whose files are encrypted. */
export interface EncryptedEntry extends EntryBase {
  readonly kind: "encrypted";
  readonly method: "age" | "gpg";
  /** The public part; null when there is none or it cannot be read. */
  readonly summary: BackupSummary | null;
  readonly marks: BackupMarks;
  /** See {@linkcode SealedEntry.publishedAt}. */
  readonly publishedAt: string | null;
}

/** A folder that is being written, or was when its run ended. */
export interface PartialEntry extends EntryBase {
  readonly kind: "partial";
  /** Whether a backup of its environment is running. */
  readonly running: boolean;
}

/** A backup whose removal was interrupted. */
export interface DeletingEntry extends EntryBase {
  readonly kind: "deleting";
}

/** A folder without manifest: of an older way to make backups, or no backup at all. */
export interface ForeignEntry extends EntryBase {
  readonly kind: "foreign";
  readonly description: ForeignDescription;
}

/** A folder whose manifest is damaged or of a newer pgstrata. */
export interface UnreadableEntry extends EntryBase {
  readonly kind: "unreadable";
  readonly reason: string;
}

/** What the files of a folder without manifest tell. */
export interface ForeignDescription {
  /** False: nothing that looks like a backup. */
  readonly backup: boolean;
  readonly fullArchive: string | null;
  /** Archives of schemas. */
  readonly schemaArchives: readonly string[];
  /** Other dumps and SQL files at the root. */
  readonly others: readonly string[];
  /** First line of `version.txt`. */
  readonly serverVersion: string | null;
}

/** A folder of a shelf. */
export type ShelfEntry =
  | SealedEntry
  | EncryptedEntry
  | PartialEntry
  | DeletingEntry
  | ForeignEntry
  | UnreadableEntry;
