import { join } from "@std/path";
import { encodeName } from "./folder_name.ts";

/** Folder in a shelf for what pgstrata notes about it: locks, records, index. Never part of a backup. */
export const SHELF_META = ".pgstrata";

/** Suffix of a folder that is being written; without it a folder is sealed. */
export const PARTIAL_SUFFIX = ".partial";

/** Suffix of a folder that is being removed; it is no backup any more. */
export const DELETING_SUFFIX = ".deleting";

/** Where a backup is written until it is sealed. */
export function partialPath(folder: string): string {
  return `${folder}${PARTIAL_SUFFIX}`;
}

/** Where a backup stands while it is removed. */
export function deletingPath(folder: string): string {
  return `${folder}${DELETING_SUFFIX}`;
}

/** The folder with the locks of a shelf. */
export function locksFolder(shelf: string): string {
  return join(shelf, SHELF_META, "locks");
}

/**
 * The lock that a backup of an environment, and a removal among its backups, holds.
 * Takes the true name as well as the one in folder names (`-` for `_`).
 */
export function environmentLock(shelf: string, environment: string): string {
  return join(locksFolder(shelf), `${encodeName(environment.replaceAll("_", "-").toLowerCase())}.lock`);
}

/** The lock of whoever removes backups from a shelf. */
export function pruneLock(shelf: string): string {
  return join(shelf, SHELF_META, "prune.lock");
}

/** The folder with the locks of backups that are being read. */
export function inUseFolder(shelf: string): string {
  return join(shelf, SHELF_META, "in_use");
}

/** The lock that readers of a backup (verify, restore, push) share and its removal takes alone. */
export function inUseLock(shelf: string, id: string): string {
  return join(inUseFolder(shelf), `${id}.lock`);
}

/** The folder with what happened to backups after they were sealed; a file per backup. */
export function recordsFolder(shelf: string): string {
  return join(shelf, SHELF_META, "records");
}

/** What happened to one backup after it was sealed. */
export function recordsFile(shelf: string, id: string): string {
  return join(recordsFolder(shelf), `${id}.jsonl`);
}

/** Runs that failed before there was a backup. */
export function failedRunsFile(shelf: string): string {
  return join(shelf, SHELF_META, "failed_runs.jsonl");
}

/** Summaries of the manifests, to list a long shelf fast. May be deleted at any time. */
export function indexFile(shelf: string): string {
  return join(shelf, SHELF_META, "index.json");
}
