import type { ManifestFile } from "../catalog/mod.ts";

/** What was read of one table. */
export interface TableOutcome {
  readonly oid: number;
  /** Folder below the backup's; null without the table tier. */
  readonly folder: string | null;
  /** COPY rows, bytes and their SHA-256; null where no data was read. */
  readonly data: { readonly rows: number; readonly bytes: number; readonly sha256: string } | null;
  readonly source: "archive" | "copy" | "none";
  readonly copyStatement: string | null;
  readonly needs: readonly string[];
  /** Milliseconds. */
  readonly duration: number;
}

/** The archive of one schema. */
export interface SchemaOutcome {
  readonly name: string;
  readonly archive: string | null;
  readonly archiveBytes: number;
}

/** What an engine has read and written, whichever it was. */
export interface ReadOutcome {
  readonly engine: "archive" | "pg_dump";
  readonly archiveVersion: string | null;
  readonly compression: string;
  readonly files: readonly ManifestFile[];
  readonly tables: readonly TableOutcome[];
  readonly schemas: readonly SchemaOutcome[];
  readonly largeObjects: { readonly count: number; readonly bytes: number; readonly sha256: string | null };
  /** `tableoid:oid` of every object that the full set of entries defines. */
  readonly defined: ReadonlySet<string>;
  /** OIDs of tables whose rows were read. */
  readonly dataOids: ReadonlySet<number>;
}
