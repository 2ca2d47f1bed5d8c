import { basename, dirname, join } from "@std/path";
import { deletingPath, linkTree, partialPath, sealFolder, type Shelf, type UsableEntry } from "../lib/catalog/mod.ts";
import { removeTree, syncFolder } from "../lib/system/mod.ts";

/** What an entry of `latest/` is a second name of; every other entry is what it is. */
export function archived(shelf: Shelf, entry: UsableEntry): UsableEntry {
  const latest = /^(?<above>(?:.*\/)?)latest\/[^/]+$/.exec(entry.path);
  if (latest === null || entry.kind === "foreign" || entry.summary === null) return entry;
  const { id } = entry.summary;
  const twin = shelf.entries.find((other) =>
    (other.kind === "backup" || other.kind === "encrypted") && other.summary?.id === id &&
    dirname(other.path) === `${latest.groups?.["above"] ?? ""}archive`
  );
  return twin?.kind === "backup" || twin?.kind === "encrypted" ? twin : entry;
}

/**
 * Shows a backup of the ci layout anew as `latest/…`, after its files were changed: the folder there holds the old
 * ones, under hard links. The new folder is ready before the old one goes. Called again after it was interrupted,
 * it finishes; where `latest/` shows another backup, it does nothing.
 */
export async function republish(entry: UsableEntry): Promise<void> {
  if (!/(?:^|\/)archive\/[^/]+$/.test(entry.path)) return;
  const [time = ""] = basename(entry.folder).split("--");
  const latest = join(dirname(dirname(entry.folder)), "latest", `latest_${time}`);
  const state = await stateOf(latest, entry.folder);
  if (state === "other" || state === "same") return;
  await removeTree(partialPath(latest));
  const linked = await linkTree(entry.folder, partialPath(latest));
  if (state === "stale") {
    await removeTree(deletingPath(latest));
    await Deno.rename(latest, deletingPath(latest));
  }
  await sealFolder(partialPath(latest), latest, linked);
  await removeTree(deletingPath(latest));
  await syncFolder(dirname(latest));
}

/**
 * What `latest/` shows of a backup: `same`: its files; `stale`: older files; `interrupted`: nothing, because a call
 * did not end; `other`: it never showed it, or something newer by now.
 */
async function stateOf(latest: string, archive: string): Promise<"same" | "stale" | "interrupted" | "other"> {
  const names = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(dirname(latest))) names.add(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "other";
    throw error;
  }
  const leftovers = [deletingPath(latest), partialPath(latest)].filter((path) => names.has(basename(path)));
  if (names.has(basename(latest))) {
    return leftovers.length === 0 && await isSameFile(join(latest, "SHA256SUMS"), join(archive, "SHA256SUMS"))
      ? "same"
      : "stale";
  }
  const isSealed = (name: string) => name.startsWith("latest_") && !/\.(?:partial|deleting)$/.test(name);
  return leftovers.length > 0 && ![...names].some(isSealed) ? "interrupted" : "other";
}

/** Every change of a backup's form makes its checksums a new file. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  try {
    const [first, second] = [await Deno.lstat(one), await Deno.lstat(other)];
    return first.ino === second.ino && first.dev === second.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
