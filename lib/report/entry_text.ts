import type { BackupMarks, ShelfEntry } from "../catalog/mod.ts";
import { agoText, minuteText } from "./time_text.ts";

/** What a folder of the shelf is, in a word or three: `complete`, `INCOMPLETE, age`, `partial, running`, `foreign`. */
export function stateText(entry: ShelfEntry, now: Date): string {
  switch (entry.kind) {
    case "backup":
      return sealedText(entry.summary.status, entry.marks, now).join(", ");
    case "encrypted":
      return [
        ...entry.summary === null ? ["encrypted"] : sealedText(entry.summary.status, entry.marks, now),
        entry.method,
      ].join(", ");
    case "partial":
      return entry.running ? "partial, running" : "partial";
    case "deleting":
      return "half removed";
    case "foreign":
      return entry.description.backup ? "foreign" : "no backup";
    case "unreadable":
      return "UNREADABLE";
    default:
      return entry satisfies never;
  }
}

function sealedText(status: "complete" | "incomplete", marks: BackupMarks, now: Date): string[] {
  const state = marks.damaged !== null ? "DAMAGED" : status === "complete" ? "complete" : "INCOMPLETE";
  return isKept(marks, now) ? [state, "kept"] : [state];
}

/** Whether a keep mark is in force. */
export function isKept({ keep }: BackupMarks, now: Date): boolean {
  return keep !== null && (keep.until === null || new Date(keep.until) > now);
}

/** `kept: audit`, `kept until 2026-12-31 23:59: audit`. */
export function keepText({ reason, until }: NonNullable<BackupMarks["keep"]>): string {
  return until === null ? `kept: ${reason}` : `kept until ${minuteText(new Date(until))}: ${reason}`;
}

/** Marks of a backup; null for what is none. */
export function marksOfEntry(entry: ShelfEntry): BackupMarks | null {
  return entry.kind === "backup" || entry.kind === "encrypted" ? entry.marks : null;
}

/** When it was last verified: `3d ago`, `FAILED 2h ago`, nothing when it never was. */
export function verifiedText(marks: BackupMarks | null, now: Date): string {
  if (marks?.damaged) return `FAILED ${agoText(new Date(marks.damaged.at), now)}`;
  return marks?.verified ? agoText(new Date(marks.verified.at), now) : "";
}

/** When it was last restored for practice, and how much came back: `9d ago, 98 %`. */
export function drilledText(marks: BackupMarks | null, now: Date): string {
  if (!marks?.drilled) return "";
  const { at, coverage } = marks.drilled;
  return `${agoText(new Date(at), now)}, ${coverageText(coverage)}`;
}

/** A share in percent, never rounded up to all. */
export function coverageText(coverage: number): string {
  return `${Math.floor(coverage * 100)} %`;
}
