import type { Paint } from "./paint.ts";

/** Text with its table titles and headings marked: the lines that begin with a word in capitals. */
export function markTitles(text: string, paint: Paint): string {
  return text.split("\n").map((line) => /^[A-Z]{3,}/.test(line) ? paint.bold(line) : line).join("\n");
}
