import type { BackupResult } from "../lib/backup/mod.ts";
import { type RestoreHintOptions, summaryText } from "../lib/report/mod.ts";
import type { TaskContext } from "./command.ts";
import type { Paint } from "./paint.ts";

/** Tables and notes shown on the screen; `summary.txt` has them all. */
export const ON_SCREEN = { tables: 10, notes: 10 };

/** Shows a backup's summary to people: headings marked, long lists shortened. */
export function printSummary(
  { manifest, folder }: BackupResult,
  options: Pick<RestoreHintOptions, "ownCommand"> & { readonly restoreHint: boolean },
  { console, verbose }: TaskContext,
): void {
  const screen = console.stderr.isTerminal ? { columns: console.stderr.columns() } : {};
  const text = summaryText(manifest, { ...options, folder, ...(verbose ? {} : ON_SCREEN), ...screen });
  console.say(`\n${painted(text, manifest.status === "complete", console.paint)}`);
}

/** The summary with its headings marked; they are the lines that are not indented. */
export function painted(summary: string, complete: boolean, paint: Paint): string {
  return summary.split("\n").map((line, index) => {
    if (index === 0) return paint.bold(complete ? paint.green(line) : paint.yellow(line));
    if (/^MISSING/.test(line)) return paint.bold(paint.red(line));
    if (/^Warnings/.test(line)) return paint.bold(paint.yellow(line));
    return /^\S/.test(line) ? paint.bold(line) : /^ {2}# /.test(line) ? paint.dim(line) : line;
  }).join("\n").trimEnd();
}
