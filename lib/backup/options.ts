import type { Clock } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import type { Session, Target } from "../connection/mod.ts";
import type { EncryptionKey } from "../crypt/mod.ts";

/** The three granularities of a backup. */
export type Tier = "full" | "schema" | "table";

/** Which objects are backed up; patterns as in `pg_dump` (psql's `\d` patterns). */
export interface Selection {
  /** Schemas to back up; none means all. */
  readonly schemas: readonly string[];
  /** Schemas to leave out. */
  readonly excludeSchemas: readonly string[];
  /** Relations to back up, and nothing else; none means all. */
  readonly tables: readonly string[];
  /** Relations to leave out. */
  readonly excludeTables: readonly string[];
  /** Tables whose rows to leave out. */
  readonly excludeTableData: readonly string[];
}

/** How archives are compressed. zstd needs a client of 16 or newer; gzip works everywhere. */
export interface Compression {
  /** What compresses. */
  readonly algorithm: "none" | "gzip" | "zstd";
  /** Its level. */
  readonly level: number;
}

/** Everything that decides what one backup is. */
export interface BackupOptions {
  /** The database. */
  readonly target: Target;
  /** What the backup is for; part of its folder's name. */
  readonly label: string | null;
  /** The folder that holds all backups. */
  readonly shelf: string;
  /** How files are laid out. */
  readonly layout: "runbook" | "ci";
  /** Whether the run backs up several environments; the ci layout then gives each a folder. */
  readonly severalEnvironments: boolean;
  /** What to write. */
  readonly tiers: readonly Tier[];
  /** `archive` reads once and cuts; `pg_dump` is the loop of runs under the same snapshot. */
  readonly engine: "archive" | "pg_dump";
  /** Parallel readers; null lets pgstrata choose. */
  readonly jobs: number | null;
  /** Most connections to use in all; null is no limit of ours. */
  readonly maxConnections: number | null;
  /** Null is the default: zstd:3 where the client's pg_restore reads it, else gzip:6. */
  readonly compression: Compression | null;
  /** What to back up. */
  readonly selection: Selection;
  /** Definitions, rows, or both. */
  readonly content: "all" | "schema-only" | "data-only";
  /** Keep GRANT and REVOKE in the archives. */
  readonly privileges: boolean;
  /** Put large objects into every schema archive too. */
  readonly blobs: boolean;
  /** Go on without what the role may not read; the backup is then incomplete. */
  readonly skipUnreadable: boolean;
  /** Milliseconds to wait for locks of others. */
  readonly lockWaitTimeout: number;
  /** Omissions the user expects: qualified table names, whose loss does not make a backup incomplete. */
  readonly expectedOmissions: readonly string[];
  /** Files equal to those of the environment's backup before become hard links to them. Default: no. */
  readonly dedup?: boolean;
  /** Encrypt every file, with this key, before the folder is sealed. Default: no. */
  readonly encryption?: EncryptionKey;
  /** Parts of the ci layout's names that are not to be taken from the variables of GitHub Actions. */
  readonly origin?: GivenOrigin;
}

/** See `ciOrigin()` in the catalog. */
export interface GivenOrigin {
  /** Repository, with or without its owner. */
  readonly repository?: string;
  /** What started the run. */
  readonly event?: string;
  /** The commit. */
  readonly sha?: string;
}

/** What a backup tells while it runs; rendering is the task's business. */
export type BackupEvent =
  | { readonly type: "phase"; readonly phase: "connect" | "lock" | "read" | "frame" | "seal" }
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "warning"; readonly message: string }
  /** The table of contents is known: what will be read. Sizes are the server's, in bytes. */
  | {
    readonly type: "planned";
    readonly tables: number;
    readonly totalBytes: number;
    readonly schemas: readonly string[];
  }
  | { readonly type: "table_started"; readonly schema: string; readonly table: string; readonly totalBytes: number }
  /** COPY bytes of a table processed so far. */
  | { readonly type: "table_progress"; readonly schema: string; readonly table: string; readonly bytes: number }
  | {
    readonly type: "table_done";
    readonly schema: string;
    readonly table: string;
    readonly rows: number;
    readonly bytes: number;
    readonly totalBytes: number;
    /** Milliseconds. */
    readonly duration: number;
  };

/** Something that is left out on purpose. */
export interface LeftOut {
  /** Patterns of schemas. */
  readonly schemas: readonly string[];
  /** Patterns of relations. */
  readonly tables: readonly string[];
  /** Told to the user. */
  readonly notice: string;
}

/** What a backup needs from outside. */
export interface BackupDeps {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** The environment with `.env` merged in. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops the backup; nothing unfinished is left behind. */
  readonly signal: AbortSignal;
  /** Told what happens. */
  readonly onEvent: (event: BackupEvent) => void;
  /** Writes `summary.txt`. `summary.txt`, `manifest.json` and `SHA256SUMS` are not in `manifest.files` yet. */
  readonly renderSummary: (manifest: Manifest) => string;
  /**
   * What else to leave out, found out in the database: exact patterns of schemas and relations, and the words to say
   * about it. Null leaves out nothing.
   */
  readonly leaveOut?: (session: Session) => Promise<LeftOut | null>;
  /**
   * Judges the room before anything is read: a word of warning, or null.
   *
   * @param heapBytes pages of the tables whose rows are read, by the catalog, without indexes and TOAST
   * @param folder where the backup will stand
   * @throws {PgstrataError} code `no_room` to refuse the backup
   */
  readonly checkRoom?: (heapBytes: number, folder: string) => Promise<string | null>;
  /** Version of pgstrata. */
  readonly version: string;
}

/** A sealed backup. */
export interface BackupResult {
  /** Its folder. */
  readonly folder: string;
  /** What it holds. */
  readonly manifest: Manifest;
}
