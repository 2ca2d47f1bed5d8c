import { countText, durationText, sizeText } from "../base/mod.ts";
import type { RunOutcome, RunStatus } from "./run_outcome.ts";

const WORDS: Readonly<Record<RunStatus, string>> = {
  complete: "complete",
  incomplete: "INCOMPLETE",
  failed: "FAILED",
};

/** One line for people: `backup of prod complete: 1.8 GB, 12 345 rows in 200 tables, 1m 12s`. */
export function outcomeLine(outcome: RunOutcome): string {
  const { command, environment, label, status, backup } = outcome;
  const name = label === null ? environment : `${environment} (${label})`;
  const facts = backup === null
    ? `exit code ${outcome.exitCode}`
    : `${sizeText(backup.bytes)}, ${countText(backup.rows)} rows in ${countText(backup.tables)} tables`;
  const error = outcome.error === null ? "" : `. ${outcome.error}`;
  return `${command} of ${name} ${WORDS[status]}: ${facts}, ${durationText(outcome.duration)}${error}`;
}
