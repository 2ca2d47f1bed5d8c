import { join } from "@std/path";
import { deletingPath, publishLatest, type Shelf, type UsableEntry } from "../lib/catalog/mod.ts";
import { removeTree } from "../lib/system/mod.ts";

/**
 * Shows a backup of the ci layout anew as `latest/…`, after its files were changed: the folder there holds the old
 * ones, under hard links.
 */
export async function republish(shelf: Shelf, entry: UsableEntry): Promise<void> {
  const id = entry.kind === "foreign" ? undefined : entry.summary?.id;
  const twins = shelf.entries.flatMap((other) => {
    if (other.kind === "backup" && other.path === entry.path) return other.publishedAt ?? [];
    const isTwin = (other.kind === "backup" || other.kind === "encrypted") && id !== undefined &&
      other.summary?.id === id && other.path !== entry.path && /(?:^|\/)latest\/[^/]+$/.test(other.path);
    return isTwin ? other.path : [];
  });
  for (const path of twins) {
    const latest = join(shelf.folder, path);
    await removeTree(deletingPath(latest));
    await Deno.rename(latest, deletingPath(latest));
    await publishLatest(entry.folder, latest);
    await removeTree(deletingPath(latest));
  }
}
