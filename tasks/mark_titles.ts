import type { Paint } from "./paint.ts";

/** Text with its table titles and headings marked: lines of words in capitals, and headings such as `KEEP (3)`. */
export function markTitles(text: string, paint: Paint): string {
  return text.split("\n").map((line) => /^[A-Z]{3,}(?![:`\w])/.test(line) ? paint.bold(line) : line).join(
    "\n",
  );
}
