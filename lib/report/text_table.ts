import stringWidth from "string-width";
import { terminalText } from "./safe_text.ts";

/** A column of a text table. */
export interface Column {
  /** Its heading; empty for none. */
  readonly title: string;
  /** Numbers stand at the right. Default: left. */
  readonly align?: "left" | "right";
  /** Most columns of the terminal it may take; longer cells are cut with `…`. Default 60. */
  readonly widest?: number;
}

const WIDEST = 60;
const GAP = "  ";

/**
 * Rows under titles, in aligned columns; widths are those a terminal shows (East Asian, combining, emoji).
 * Cells are made safe. No line ends with spaces.
 *
 * @param indent spaces before each line
 * @returns lines; the first holds the titles. A table in which all titles are empty has no such line.
 */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[], indent = 0): string[] {
  const hasTitles = columns.some(({ title }) => title !== "");
  const lines = [...(hasTitles ? [columns.map(({ title }) => title)] : []), ...rows]
    .map((row) => columns.map(({ widest = WIDEST }, index) => fit(terminalText(row[index] ?? ""), widest)));
  const widths = columns.map((_, index) => Math.max(0, ...lines.map((line) => textWidth(line[index] ?? ""))));
  return lines.map((line) => {
    const cells = line.map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align ?? "left"));
    return (" ".repeat(indent) + cells.join(GAP)).trimEnd();
  });
}

/** Text filled with spaces to a width of the terminal. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const fill = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "left" ? text + fill : fill + text;
}

/** Text cut to a width of the terminal; a cut one ends with `…`. */
export function fit(text: string, widest: number): string {
  if (textWidth(text) <= widest) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += textWidth(segment);
    if (width > widest - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Columns of a terminal that a text takes. Most names are ASCII: no need to look at each character. */
export function textWidth(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}
