import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { dirname, resolve } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import { exists } from "./claim_folder.ts";
import { isSameEnvironment } from "./environment_name.ts";
import type { EncryptedEntry, ForeignEntry, SealedEntry, ShelfEntry } from "./shelf_entry.ts";
import { readShelf, type ReadShelfOptions, type Shelf } from "./shelf.ts";

/** Label of the backup that a restore makes of its target before it changes it. */
export const SAFETY_LABEL = "pre_restore";

/** What a command that reads a backup can be given. */
export type UsableEntry = SealedEntry | EncryptedEntry | ForeignEntry;

/**
 * The backup that a BACKUP argument means.
 *
 * @param argument `latest` (the newest sealed one, but no safety backup of a restore: else a second restore would put
 *   back what the first one replaced), `latest:ENV`, a folder, or a name as `list` shows it
 * @param cwd what a relative folder is relative to
 * @throws {PgstrataError} code `usage` when nothing is meant by it, `refused` when it is not finished or being
 *   removed, `not_good` when its manifest cannot be read
 */
export function resolveBackup(shelf: Shelf, argument: string, cwd: string): UsableEntry {
  if (argument === "latest") return latest(shelf, null);
  if (argument.startsWith("latest:")) return latest(shelf, argument.slice("latest:".length));
  const folder = resolve(cwd, argument);
  const name = argument.replace(/\/+$/, "");
  const entry = shelf.entries.find((one) => one.folder === folder || isPublishedAs(shelf, one, folder)) ??
    shelf.entries.find((one) => one.path === name || isPublishedAs(shelf, one, resolve(shelf.folder, name))) ??
    onlyOne(shelf.entries.filter((one) => one.path.split("/").at(-1) === name));
  if (entry === undefined) throw unknown(shelf, argument);
  return usable(entry);
}

/** A backup, and the shelf it was found on. */
export interface FoundBackup {
  readonly entry: UsableEntry;
  readonly shelf: Shelf;
}

/**
 * The backup that a BACKUP argument means, on the shelf or, when it is a folder elsewhere, on that one's.
 *
 * @param shelfFolder the folder of `--dir`
 * @throws {PgstrataError} see {@linkcode readShelf} and {@linkcode resolveBackup}
 */
export async function findBackup(
  shelfFolder: string,
  argument: string,
  cwd: string,
  options: ReadShelfOptions = {},
): Promise<FoundBackup> {
  const folder = resolve(cwd, argument);
  const shelfPath = resolve(cwd, shelfFolder);
  const isElsewhere = !/^latest(?::|$)/.test(argument) && !`${folder}/`.startsWith(`${shelfPath}/`) &&
    argument.includes("/") && await exists(folder);
  const shelf = await readShelf(isElsewhere ? dirname(folder) : shelfPath, options);
  return { entry: resolveBackup(shelf, argument, cwd), shelf };
}

function latest(shelf: Shelf, environment: string | null): UsableEntry {
  const sealed = shelf.entries.filter(isSealed);
  const wanted = sealed.filter((entry) =>
    environment === null || (entry.environment !== null && isSameEnvironment(entry.environment, environment))
  );
  const found = wanted.find(({ label }) => label !== SAFETY_LABEL);
  if (found !== undefined) return found;
  const [safety] = wanted;
  if (safety !== undefined) {
    throw new PgstrataError("Cannot find the latest backup: there are only safety backups of earlier restores", {
      code: "usage",
      hint: `Name it if that is meant: ${safety.path}`,
    });
  }
  const environments = [...new Set(sealed.map((entry) => entry.environment ?? "unknown"))].sort();
  throw new PgstrataError(
    environment === null
      ? `Cannot find the latest backup: there is none in ${shelf.folder}`
      : `Cannot find the latest backup of ${environment}: there is none in ${shelf.folder}`,
    {
      code: "usage",
      hint: environments.length === 0
        ? "Make one with `pgstrata backup`, or name another folder with --dir."
        : `There are backups of: ${environments.join(", ")}.`,
    },
  );
}

function usable(entry: ShelfEntry): UsableEntry {
  switch (entry.kind) {
    case "backup":
    case "encrypted":
      return entry;
    case "foreign":
      if (entry.description.backup) return entry;
      throw new PgstrataError(`Cannot use ${entry.path}: there is no backup in it`, {
        code: "usage",
        hint: "`pgstrata list` shows what there is.",
      });
    case "partial":
      throw new PgstrataError(`Cannot use ${entry.path}: it is not finished`, {
        code: "refused",
        hint: entry.running
          ? "Its backup is still running: wait until it is sealed."
          : "Its run ended before it was sealed: make a new backup.",
      });
    case "deleting":
      throw new PgstrataError(`Cannot use ${entry.path}: it is being removed`, {
        code: "refused",
        hint: "`pgstrata prune --apply` finishes the removal. Choose another backup.",
      });
    case "unreadable":
      throw new PgstrataError(`Cannot use ${entry.path}: its manifest cannot be read`, {
        code: "not_good",
        context: { reason: entry.reason },
        hint: "SHA256SUMS tells which files are whole; the archives restore with plain pg_restore.",
      });
    default:
      return entry satisfies never;
  }
}

function unknown(shelf: Shelf, argument: string): PgstrataError {
  const names = shelf.entries.map((entry) => entry.path);
  const newest = shelf.entries.find((entry) => isSealed(entry) && entry.label !== SAFETY_LABEL)?.path;
  return new PgstrataError(`Cannot find backup ${argument}: it is no folder of ${shelf.folder}`, {
    code: "usage",
    hint: names.length === 0
      ? "The shelf is empty: name another folder with --dir."
      : `${nearest(argument, names)}${
        newest === undefined ? "" : `The newest is ${newest}. `
      }\`latest\` and \`latest:ENV\` work too; \`pgstrata list\` shows all.`,
  });
}

/** Asks whether a name that stands in it (with a file of the backup behind it, say), or is much like it, was meant. */
function nearest(argument: string, names: readonly string[]): string {
  const name = names.find((one) => argument.includes(one)) ?? closestString(argument, names);
  const isNear = argument.includes(name) || levenshteinDistance(argument, name) <= argument.length / 3;
  return isNear ? `Did you mean ${name}? ` : "";
}

function isSealed(entry: ShelfEntry): entry is SealedEntry | EncryptedEntry {
  return entry.kind === "backup" || entry.kind === "encrypted";
}

function isPublishedAs(shelf: Shelf, entry: ShelfEntry, folder: string): boolean {
  return isSealed(entry) && entry.publishedAt !== null && resolve(shelf.folder, entry.publishedAt) === folder;
}

function onlyOne(entries: readonly ShelfEntry[]): ShelfEntry | undefined {
  return entries.length === 1 ? entries[0] : undefined;
}
