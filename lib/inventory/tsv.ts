/**
 * Rows as tab-separated text with a head line, for `column -t -s $'\t'`, `grep` and `cut`.
 * Tabs, line breaks and backslashes in values are written as `\t`, `\n`, `\r`, `\\`.
 */
export function tsvText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `${cells.map(cell).join("\t")}\n`;
  return line(head) + rows.map(line).join("");
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

function cell(value: string): string {
  return value.replaceAll(/[\\\t\n\r]/g, (char) => ESCAPES[char] ?? char);
}
