import type { TocEntry } from "../archive/mod.ts";

/** Where the COPY data of one table are. */
export type RowSource =
  /** `data.sql` of the table tier. */
  | { readonly in: "file"; readonly path: string }
  /** A TABLE DATA entry of an archive. */
  | { readonly in: "archive"; readonly archive: string; readonly entry: TocEntry };

/** A piece of a script that PostgreSQL's psql runs in one transaction. */
export type ScriptPart =
  /** SQL in UTF-8. */
  | { readonly type: "sql"; readonly text: string }
  /** What `pg_restore` prints for entries of an archive. */
  | { readonly type: "archive"; readonly archive: string; readonly entries: readonly TocEntry[] }
  /** The contents of large objects that an archive holds (BLOBS entries); they exist already. */
  | { readonly type: "large_objects"; readonly archive: string; readonly entries: readonly TocEntry[] }
  /** An SQL file of the backup as it is. */
  | { readonly type: "file"; readonly path: string }
  /** Rows that go where the statement says, as `COPY … FROM stdin;`. */
  | {
    readonly type: "rows";
    readonly copyStatement: string;
    readonly source: RowSource;
    /** PostgreSQL's name of the encoding of the rows. */
    readonly encoding: string;
  };
