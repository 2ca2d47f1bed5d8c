import type { Alert } from "./alerts.ts";
import type { DiffLine } from "./line_diff.ts";
import type { SideFacts } from "./side.ts";

/** Whether something came, went, or is another now. */
export type ChangeKind = "added" | "removed" | "changed";

/** An object of the schema that is not the same on both sides. */
export interface ObjectChange {
  readonly change: ChangeKind;
  /** As the archive names it: `TABLE`, `INDEX`, `POLICY`, `FUNCTION`, `COMMENT`, … */
  readonly kind: string;
  readonly schema: string | null;
  /** Name inside the schema, with arguments where PostgreSQL has them. */
  readonly name: string;
  /** `schema.table` it hangs on, unquoted; null for tables themselves and all that hangs on none. */
  readonly table: string | null;
  /** SQL of either side; null where it is not there. */
  readonly before: string | null;
  readonly after: string | null;
  /** The difference line by line; empty unless `changed`. */
  readonly lines: readonly DiffLine[];
}

/** A table whose rows are not the same on both sides. */
export interface TableChange {
  readonly schema: string;
  readonly name: string;
  readonly change: ChangeKind;
  /** Null where the table or its rows are not there. */
  readonly rowsBefore: number | null;
  readonly rowsAfter: number | null;
  /** Bytes of COPY data. */
  readonly bytesBefore: number | null;
  readonly bytesAfter: number | null;
  /**
   * How it is known: `count` (another number of rows), `content` (as many rows, other content), `order` (another hash;
   * perhaps only another order of rows: nobody looked).
   */
  readonly proof: "count" | "content" | "order";
}

/** An extension, by its version and schema. */
export interface ExtensionChange {
  readonly change: ChangeKind;
  readonly name: string;
  /** `1.6 in extensions`. */
  readonly before: string | null;
  readonly after: string | null;
}

/** A role with its attributes, memberships and settings; passwords are never shown. */
export interface RoleChange {
  readonly change: ChangeKind;
  readonly role: string;
  /** Statements that are on one side only. */
  readonly gone: readonly string[];
  readonly come: readonly string[];
  /** Whether both have a password and not the same. */
  readonly passwordChanged: boolean;
}

/** Owner and grants of an object. */
export interface GrantChange {
  readonly change: ChangeKind;
  /** `table`, `schema`, `column`, `function`, `default`, … */
  readonly kind: string;
  readonly object: string;
  readonly ownerBefore: string | null;
  readonly ownerAfter: string | null;
  /** What may be done now and could not before, and the other way round: `SELECT to anon`. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** Options of a view, such as `security_invoker=true`. */
export interface ViewOptionChange {
  readonly schema: string;
  readonly view: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** A sequence that stands elsewhere. */
export interface SequenceChange {
  readonly schema: string;
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Sizes of either side, bytes. */
export interface SizeChange {
  readonly databaseBefore: number;
  readonly databaseAfter: number;
  /** COPY data and rows of all tables; null where they were not read. */
  readonly dataBefore: number | null;
  readonly dataAfter: number | null;
  readonly rowsBefore: number | null;
  readonly rowsAfter: number | null;
  /** Tables with rows of their own. */
  readonly tablesBefore: number | null;
  readonly tablesAfter: number | null;
  /** Null unless both are backups. */
  readonly backupBefore: number | null;
  readonly backupAfter: number | null;
}

/** Large objects as a whole. */
export interface LargeObjectChange {
  readonly countBefore: number;
  readonly countAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** All that is not the same between two sides. Server version, sizes and notes are told and make no difference. */
export interface DatabaseDiff {
  readonly same: boolean;
  readonly before: SideFacts;
  readonly after: SideFacts;
  /** What somebody should look at first. */
  readonly alerts: readonly Alert[];
  readonly objects: readonly ObjectChange[];
  readonly tables: readonly TableChange[];
  /** Tables with rows on both sides that hold the same. */
  readonly tablesSame: number;
  readonly sequences: readonly SequenceChange[];
  readonly largeObjects: LargeObjectChange | null;
  readonly extensions: readonly ExtensionChange[];
  readonly roles: readonly RoleChange[];
  readonly grants: readonly GrantChange[];
  readonly viewOptions: readonly ViewOptionChange[];
  /** Encoding and locale, where they differ. */
  readonly database: readonly { readonly what: string; readonly before: string; readonly after: string }[];
  readonly sizes: SizeChange;
  /** What could not be compared, or is to be read with care. */
  readonly notes: readonly string[];
}

/** Rows of one table by key. */
export interface RowDiff {
  readonly schema: string;
  readonly name: string;
  /** Columns of the primary key; null: there is none, whole rows are compared. */
  readonly key: readonly string[] | null;
  /** Columns that only one side has; they are not compared. */
  readonly columnsGone: readonly string[];
  readonly columnsCome: readonly string[];
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly same: number;
  /** Not more than the limit of each; which ones is chance. */
  readonly addedRows: readonly RowValues[];
  readonly removedRows: readonly RowValues[];
  readonly changedRows: readonly ChangedRow[];
}

/** Values by column, as COPY writes them, unescaped; null is NULL. Long ones are cut and end with `…`. */
export type RowValues = Readonly<Record<string, string | null>>;

/** A row that has the same key and other values. */
export interface ChangedRow {
  readonly key: RowValues;
  readonly columns: readonly {
    readonly column: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}
