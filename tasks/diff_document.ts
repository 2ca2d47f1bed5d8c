import type { DatabaseDiff, RowDiff } from "../lib/diff/mod.ts";

/** What `diff --json` prints; `version` grows when a reader of the old form would misread it. */
export interface DiffDocument extends DatabaseDiff {
  readonly version: 1;
  readonly command: "diff";
  /** With `--table`: the rows of each. */
  readonly rows: readonly RowDiff[];
  readonly errors: readonly [];
}

/** The one JSON document of a `diff` run; text and Markdown are made of it too. */
export function diffDocument(diff: DatabaseDiff, rows: readonly RowDiff[]): DiffDocument {
  const sameRows = rows.every((table) =>
    table.added === 0 && table.removed === 0 && table.changed === 0 && table.columnsGone.length === 0 &&
    table.columnsCome.length === 0
  );
  return { version: 1, command: "diff", ...diff, same: diff.same && sameRows, rows, errors: [] };
}
