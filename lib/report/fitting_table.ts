import { terminalText } from "./safe_text.ts";
import { type Column, textTable, textWidth } from "./text_table.ts";

/** A column that may be left out where there is no room. */
export interface FittingColumn<T> extends Column {
  /** Columns with the highest number go first; those with 0 always stay. */
  readonly rank: number;
  readonly cell: (row: T) => string;
}

/**
 * A table of the columns that fit into a width; those in which every cell is empty are left out too. Where even the
 * needed ones are wider, long cells of the first column stand on a line of their own, uncut: they are names that a
 * person copies.
 *
 * @returns lines; the first holds the titles
 */
export function fittingTable<T>(columns: readonly FittingColumn<T>[], rows: readonly T[], width: number): string[] {
  const filled = columns.filter(({ cell }) => rows.some((row) => cell(row) !== ""));
  const cells = new Map(filled.map((column) => [column, rows.map(column.cell)]));
  let shown = filled;
  let widestName = Infinity;
  while (true) {
    const table = rows.map((_, index) => shown.map((column) => cells.get(column)?.[index] ?? ""));
    const { lines, taken } = namedTable(shown, table, widestName);
    const least = Math.max(0, ...shown.map(({ rank }) => rank));
    if (taken <= width) return lines;
    if (least > 0) shown = shown.filter(({ rank }) => rank !== least);
    else if (widestName === Infinity) {
      const widest = Math.max(...table.map(([name = ""]) => textWidth(terminalText(name))));
      widestName = Math.max(0, width - (taken - widest));
      shown = filled;
    } else return lines;
  }
}

/** A table in which first cells wider than so much stand above their line; `taken` is the width of all but those. */
function namedTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widestName: number,
): { readonly lines: string[]; readonly taken: number } {
  const names = rows.map(([name = ""]) => terminalText(name));
  const isLong = names.map((name) => textWidth(name) > widestName);
  const lines = textTable(columns, rows.map(([name = "", ...rest], index) => [isLong[index] ? "" : name, ...rest]));
  return {
    lines: lines.flatMap((line, index) => isLong[index - 1] ? [names[index - 1] ?? "", line] : [line]),
    taken: Math.max(...lines.map(textWidth)),
  };
}
