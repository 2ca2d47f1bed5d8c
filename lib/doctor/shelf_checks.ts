import { join } from "@std/path";
import { counted, messageOf, PgstrataError } from "../base/mod.ts";
import { isSameEnvironment, readShelf, type SealedEntry, type Shelf } from "../catalog/mod.ts";
import { TempFolder } from "../system/mod.ts";
import { type Check, ok, problem, problemOf, shortened, warning } from "./check.ts";
import { shellPath } from "./shell_quoted.ts";
import { existing } from "./size_checks.ts";

/** A shelf as found, and what is to be said of it. */
export interface ShelfFinding {
  /** Null when there is none yet, or it cannot be read. */
  readonly shelf: Shelf | null;
  readonly checks: readonly Check[];
}

/**
 * Whether backups can be written and read where they belong.
 *
 * @param environment the one that is looked at; null: several
 */
export async function shelfChecks(folder: string, environment: string | null = null): Promise<ShelfFinding> {
  const writable = await writableCheck(folder);
  if (!(await isFolder(folder))) {
    const message = `there are no backups yet: no folder ${folder}`;
    return { shelf: null, checks: [writable, warning("shelf", message, `pgstrata backup ${environment ?? "all"}`)] };
  }
  try {
    const shelf = await readShelf(folder);
    return { shelf, checks: [writable, contentCheck(shelf)] };
  } catch (error) {
    const known = error instanceof PgstrataError
      ? problemOf("shelf", error)
      : problem("shelf", `${folder} cannot be read: ${messageOf(error)}`, `ls -ld ${folder}`);
    return { shelf: null, checks: [writable, known] };
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}

/** Writes and removes a folder, in the shelf or the nearest folder that is there. */
async function writableCheck(folder: string): Promise<Check> {
  const parent = await existing(folder);
  if (
    await Deno.stat(folder).then((info) => !info.isDirectory, (error) => error instanceof Deno.errors.NotADirectory)
  ) {
    return problem(
      "shelf_writable",
      `${folder} cannot be written: a file is in its place`,
      "Name another folder with --dir",
    );
  }
  try {
    await using probe = await TempFolder.create({ parent, prefix: ".doctor-" });
    await Deno.writeTextFile(join(probe.path, "probe"), "probe");
    return ok("shelf_writable", `${folder} can be written`);
  } catch (error) {
    return problem(
      "shelf_writable",
      `${folder} cannot be written: ${messageOf(error)}`,
      `mkdir -p ${shellPath(folder)} && chown "$(id -un)" ${shellPath(folder)}   # or --dir DIR`,
    );
  }
}

/** Damaged and unfinished folders. */
function contentCheck(shelf: Shelf): Check {
  const unreadable = shelf.entries.filter((entry) => entry.kind === "unreadable");
  const leftovers = shelf.entries.filter((entry) => entry.kind === "partial" && !entry.running);
  const backups = shelf.entries.filter(({ kind }) => kind === "backup" || kind === "encrypted").length;
  const details = shortened([
    ...unreadable.map(({ path, reason }) => `${path}: ${reason}`),
    ...leftovers.map(({ path, kind }) => `${path}: ${kind}`),
  ]);
  if (unreadable.length > 0) {
    const fix = `cd ${shellPath(unreadable[0]?.folder ?? "")} && sha256sum -c SHA256SUMS`;
    return problem(
      "shelf",
      `${counted(unreadable.length, "backup")} cannot be read; see \`pgstrata list\``,
      fix,
      details,
    );
  }
  if (leftovers.length > 0) {
    const message = `left by interrupted runs: ${counted(leftovers.length, "unfinished folder")}`;
    return warning("shelf", message, "pgstrata backup   # the next run of their environment removes them", details);
  }
  return ok("shelf", `${backups} ${backups === 1 ? "backup" : "backups"} in ${shelf.folder}`);
}

/** Sealed backups of an environment, newest first. Those that are encrypted count where their public part is there. */
export function backupsOf(
  shelf: Shelf,
  environment: string,
): Pick<SealedEntry, "path" | "time" | "summary" | "marks">[] {
  return shelf.entries.flatMap((entry) =>
    (entry.kind === "backup" || entry.kind === "encrypted") && entry.summary !== null &&
      isSameEnvironment(entry.summary.environment, environment)
      ? [{ path: entry.path, time: entry.time, summary: entry.summary, marks: entry.marks }]
      : []
  );
}
