import { PgstrataError } from "../lib/base/mod.ts";
import type { Selection } from "../lib/backup/mod.ts";
import { type BackupSummary, readShelf } from "../lib/catalog/mod.ts";
import { backupsOf, envFileRisks, judgeRoom, runGit } from "../lib/doctor/mod.ts";
import { freeSpace } from "../lib/system/mod.ts";
import type { SharedBackupOptions } from "./backup_request.ts";

/** What is wrong with how `.env` lies there: a word and its cure for each. A backup works all the same. */
export async function envFileWarnings(folder: string): Promise<string[]> {
  return (await envFileRisks(folder, runGit)).map(({ message, fix }) => `${message}${fix === null ? "" : `: ${fix}`}`);
}

/** Free bytes where a folder stands; tests hand in their own. */
export type MeasureFree = (folder: string) => Promise<number>;

/**
 * The check of room that a backup makes before it reads anything: the doctor's judgement.
 *
 * @param isEnforced whether too little refuses; else it is only said
 */
export function roomCheck(
  environment: string,
  options: Pick<SharedBackupOptions, "shelf" | "tiers" | "selection" | "content" | "dedup">,
  isEnforced: boolean,
  measure: MeasureFree = freeSpace,
): (heapBytes: number, folder: string) => Promise<string | null> {
  return async (heapBytes, folder) => {
    const free = await measure(folder);
    const facts = { heapBytes, free, shelf: options.shelf, tiers: options.tiers, dedup: options.dedup ?? false };
    const guess = judgeRoom({ ...facts, last: null });
    // The shelf is only read where it matters.
    if (guess.state === "ok" && free > heapBytes * 4) return null;
    const { state, message, fix } = judgeRoom({ ...facts, last: await lastOf(environment, options) });
    if (state === "ok") return null;
    if (state === "warning" || !isEnforced) return message;
    throw new PgstrataError(`Cannot back up ${environment}: ${message}`, {
      code: "no_room",
      hint: `${fix}; --no-room-check goes on all the same.`,
    });
  };
}

/** The last complete backup; null where another choice of tables makes it no measure. */
async function lastOf(
  environment: string,
  { shelf, selection, content, tiers }: Pick<SharedBackupOptions, "shelf" | "selection" | "content" | "tiers">,
): Promise<BackupSummary | null> {
  if (
    content !== "all" || Object.values<Selection[keyof Selection]>({ ...selection }).some(({ length }) => length > 0)
  ) {
    return null;
  }
  const backups = backupsOf(await readShelf(shelf), environment);
  return backups.find(({ summary }) =>
    summary.status === "complete" && tiers.every((tier) => summary.tiers.includes(tier))
  )?.summary ?? null;
}
