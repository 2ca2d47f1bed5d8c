import type { LargeObjectContent, Toc } from "../archive/mod.ts";
import type { ExtensionRow, PrivilegeRow, ViewOptionsRow } from "../catalog/mod.ts";
import type { CopyContent } from "./copy_digest.ts";
import type { RowsDigest } from "./rows_digest.ts";

/** A table with rows of its own. Names as the archive has them, which in a database that is not UTF-8 are bytes. */
export interface DescribedTable {
  readonly schema: string;
  readonly name: string;
  /** `COPY schema.table (columns) FROM stdin;` and a line break; the table may be the partition root. */
  readonly copyStatement: string;
  readonly content: CopyContent;
  /** Whether the rows are in the table tier only. */
  readonly copied: boolean;
}

/** Everything that is compared of a database, live or in a backup. */
export interface Description {
  /** Null where no archive can be read: definitions and sequences are then not compared. */
  readonly toc: Toc | null;
  /** Whether the table of contents was put together from archives of schemas: what stands in no schema is not known. */
  readonly schemasOnly?: boolean;
  /** By {@linkcode tableKey}. */
  readonly tables: ReadonlyMap<string, DescribedTable>;
  readonly largeObjects: { readonly count: number; readonly bytes: number; readonly sha256: string | null } | null;
  readonly privileges: readonly PrivilegeRow[];
  readonly extensions: readonly ExtensionRow[];
  /** Members of extensions among `privileges`, as `kind\0object`, where that is known: of a live database. */
  readonly extensionObjects?: ReadonlySet<string>;
  readonly viewOptions: readonly ViewOptionsRow[];
  /** `150018` for 15.18. */
  readonly versionNumber: number;
  readonly database: string;
  readonly encoding: string;
  /** Provider, collation and character type in one line. */
  readonly locale: string;
  /** Each large object, if they can be told apart; asked only when their digests differ. */
  largeObjectList(): Promise<readonly LargeObjectContent[] | null>;
  /**
   * The order-independent digest of rows that a COPY statement of the other side would load; null if it cannot be made.
   * Asked only when the plain hashes differ.
   *
   * @param group all tables of this description that the statement's rows are in
   */
  digestRows(copyStatement: string, group: readonly DescribedTable[]): Promise<RowsDigest | null>;
}

/** Key of a table. */
export function tableKey(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

/** One line that says how text is compared in a database. */
export function localeText(
  facts: {
    readonly collate: string;
    readonly ctype: string;
    readonly localeProvider: string;
    readonly locale: string | null;
  },
): string {
  const libc = facts.collate === facts.ctype ? facts.collate : `${facts.collate}/${facts.ctype}`;
  return facts.localeProvider === "libc" ? libc : `${facts.localeProvider} ${facts.locale ?? ""} (${libc})`;
}
