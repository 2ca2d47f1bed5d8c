import type { Description } from "../verify/mod.ts";

/** What one side is, in a few facts. */
export interface SideFacts {
  readonly kind: "backup" | "database";
  /** A backup's path on its shelf, or the environment's name. */
  readonly name: string;
  /** ISO time its data is of. */
  readonly at: string;
  readonly environment: string;
  readonly database: string;
  /** Masked. */
  readonly host: string;
  readonly serverVersion: string;
  /** Version of the pg_dump whose text is compared. */
  readonly clientVersion: string;
  /** Null for a database. */
  readonly status: "complete" | "incomplete" | null;
  /** Size on the server, bytes; 0 if the role may not ask. */
  readonly databaseBytes: number;
  /** Bytes of the backup's files; null for a database. */
  readonly backupBytes: number | null;
}

/** The rows of one table. */
export interface RowSource {
  /** In the order of the COPY text. */
  readonly columns: readonly string[];
  /** Hands over the COPY text piece by piece; a piece is valid until the call returns. */
  read(onData: (bytes: Uint8Array) => void): Promise<void>;
}

/** One of the two things that are compared. */
export interface DiffSide extends AsyncDisposable {
  readonly facts: SideFacts;
  readonly description: Description;
  /** `roles.sql`, or what it would be; null if it cannot be read. */
  readonly roles: string | null;
  /** Settings the COPY text was written under. */
  readonly copySettings: Readonly<Record<string, string>>;
  /** What limits a comparison with this side, for people. */
  readonly notes: readonly string[];
  /** Whether tables are described with their rows: not with `--schema-only`. */
  readonly hasRows: boolean;
  /** The rows of one table; null if there are none here: it is not there, is partitioned, or was left out. */
  rowsOf(schema: string, name: string): Promise<RowSource | null>;
}
