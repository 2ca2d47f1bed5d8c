import type { BackupRecord } from "./records.ts";

/** What the records of one backup add up to. */
export interface BackupMarks {
  /** The newest verification, if it was good. */
  readonly verified: { readonly at: string; readonly how: string } | null;
  /** The newest verification, if it was not. */
  readonly damaged: { readonly at: string; readonly how: string } | null;
  /** The newest drill, if it was good. */
  readonly drilled: { readonly at: string; readonly how: string; readonly coverage: number } | null;
  /** The mark in force; `until` may have passed. */
  readonly keep: { readonly at: string; readonly reason: string; readonly until: string | null } | null;
  /** Cold storage that holds a whole copy. */
  readonly stored: readonly string[];
}

/** Marks of a backup nothing happened to. */
export const NO_MARKS: BackupMarks = { verified: null, damaged: null, drilled: null, keep: null, stored: [] };

/** What records add up to. */
export function marksOf(records: readonly BackupRecord[]): BackupMarks {
  const stored = new Set<string>();
  let { verified, damaged, drilled, keep } = NO_MARKS;
  for (const record of records) {
    switch (record.kind) {
      case "verified":
        verified = record.good ? { at: record.at, how: record.how } : null;
        damaged = record.good ? null : { at: record.at, how: record.how };
        break;
      case "drilled":
        drilled = record.good ? { at: record.at, how: record.how, coverage: record.coverage } : null;
        break;
      case "keep":
        keep = { at: record.at, reason: record.reason, until: record.until };
        break;
      case "released":
        keep = null;
        break;
      case "stored":
        stored.add(record.destination);
        break;
      case "withdrawn":
        stored.delete(record.destination);
        break;
      case "removed":
        break;
      default:
        record satisfies never;
    }
  }
  return { verified, damaged, drilled, keep, stored: [...stored] };
}
