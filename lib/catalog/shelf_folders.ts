import { basename, join } from "@std/path";
import { MANIFEST_FILE } from "./manifest.ts";
import { parseFolderName } from "./parse_folder_name.ts";
import { DELETING_SUFFIX, PARTIAL_SUFFIX } from "./shelf_paths.ts";

/** A folder that is, was or will be a backup, or stands where backups stand. */
export interface ShelfFolder {
  /** Below the shelf, `/` between the parts. */
  readonly path: string;
  /** Its last part without our suffixes. */
  readonly name: string;
  readonly state: "sealed" | "age" | "gpg" | "partial" | "deleting" | "foreign";
}

/** `<shelf>/<environment>/archive/<backup>` is the deepest a backup stands. */
const DEEPEST = 2;

/** All such folders of a shelf. Hidden ones and symbolic links are passed over. */
export function shelfFolders(shelf: string): ShelfFolder[] {
  const found: ShelfFolder[] = [];
  const visit = (above: string, depth: number): void => {
    for (const entry of Deno.readDirSync(join(shelf, above))) {
      if (!entry.isDirectory || entry.name.startsWith(".")) continue;
      const path = above === "" ? entry.name : `${above}/${entry.name}`;
      const state = suffixState(entry.name) ?? contentState(join(shelf, path));
      if (state === null) continue;
      if (state === "foreign" && depth < DEEPEST && isBranch(join(shelf, path), entry.name)) visit(path, depth + 1);
      else found.push({ path, name: bareName(entry.name), state });
    }
  };
  visit("", 0);
  return found;
}

/**
 * A folder's state by what is in it; null when it went meanwhile. One that this user may not look into (`lost+found` of
 * a file system's root) is taken by its name.
 */
export function contentState(folder: string): "sealed" | "age" | "gpg" | "foreign" | null {
  const names = folderNames(folder);
  if (names === "closed") return parseFolderName(basename(folder)) === null ? "foreign" : "sealed";
  if (names === null) return null;
  if (names.has(MANIFEST_FILE)) return "sealed";
  if (names.has(`${MANIFEST_FILE}.age`)) return "age";
  return names.has(`${MANIFEST_FILE}.gpg`) ? "gpg" : "foreign";
}

function suffixState(name: string): "partial" | "deleting" | null {
  if (name.endsWith(PARTIAL_SUFFIX)) return "partial";
  return name.endsWith(DELETING_SUFFIX) ? "deleting" : null;
}

function bareName(name: string): string {
  for (const suffix of [PARTIAL_SUFFIX, DELETING_SUFFIX]) {
    if (name.endsWith(suffix)) return name.slice(0, -suffix.length);
  }
  return name;
}

/** Whether backups stand in a folder, rather than it being one: `archive`, `latest`, an environment's. */
function isBranch(folder: string, name: string): boolean {
  const isOurs = (part: string) => part === "archive" || part === "latest";
  if (isOurs(name)) return true;
  const names = folderNames(folder);
  if (names === "closed") return false;
  for (const below of names ?? []) {
    if (isOurs(below) || parseFolderName(bareName(below)) !== null) return true;
  }
  return false;
}

function folderNames(folder: string): Set<string> | "closed" | null {
  try {
    return new Set(Array.from(Deno.readDirSync(folder), (entry) => entry.name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    return "closed";
  }
}
