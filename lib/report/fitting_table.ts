import stringWidth from "string-width";
import { type Column, textTable } from "./text_table.ts";

/** A column that may be left out where there is no room. */
export interface FittingColumn<T> extends Column {
  /** Columns with the highest number go first; those with 0 always stay. */
  readonly rank: number;
  readonly cell: (row: T) => string;
}

/**
 * A table of the columns that fit into a width; those in which every cell is empty are left out too.
 * Where even the needed ones are wider, the lines are longer than the width.
 *
 * @returns lines; the first holds the titles
 */
export function fittingTable<T>(columns: readonly FittingColumn<T>[], rows: readonly T[], width: number): string[] {
  const filled = columns.filter(({ cell }) => rows.some((row) => cell(row) !== ""));
  const cells = new Map(filled.map((column) => [column, rows.map(column.cell)]));
  let shown = filled;
  while (true) {
    const lines = textTable(
      shown,
      rows.map((_, index) => shown.map((column) => cells.get(column)?.[index] ?? "")),
    );
    const least = Math.max(0, ...shown.map(({ rank }) => rank));
    if (least === 0 || Math.max(...lines.map((line) => stringWidth(line))) <= width) return lines;
    shown = shown.filter(({ rank }) => rank !== least);
  }
}
