import { basename, dirname, join } from "@std/path";
import { removeTree, syncFolder } from "../system/mod.ts";
import { exists, makeFolderDurable } from "./claim_folder.ts";
import { linkTree } from "./link_tree.ts";
import { sealFolder } from "./seal.ts";
import { DELETING_SUFFIX, deletingPath, PARTIAL_SUFFIX, partialPath } from "./shelf_paths.ts";

/**
 * Shows a sealed backup of the ci layout as the newest: `latest/latest_<time>` with the same files,
 * hard-linked where the file system can. The new one is there before the old one goes; leftovers of
 * runs that were interrupted here go too.
 *
 * @param sealed the sealed folder in `archive/`
 * @param latest the folder to publish, see {@linkcode Layout.latest}
 * @throws {PgstrataError} what linking or sealing says; an older `latest_…` is then still there.
 */
export async function publishLatest(sealed: string, latest: string): Promise<void> {
  const parent = dirname(latest);
  await makeFolderDurable(parent);
  if (!(await exists(latest))) {
    await removeTree(partialPath(latest));
    const linked = await linkTree(sealed, partialPath(latest));
    await sealFolder(partialPath(latest), latest, linked);
  }
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory || !name.startsWith("latest_") || name === basename(latest)) continue;
    const old = join(parent, name);
    if (name.endsWith(PARTIAL_SUFFIX) || name.endsWith(DELETING_SUFFIX)) {
      await removeTree(old);
      continue;
    }
    if (!(await standsInArchive(old))) continue;
    await Deno.rename(old, deletingPath(old));
    await syncFolder(parent);
    await removeTree(deletingPath(old));
  }
}

/** Whether a folder of `latest/` has its twin in `archive/`, so that nothing is lost with it. */
async function standsInArchive(old: string): Promise<boolean> {
  const archive = join(dirname(dirname(old)), "archive");
  const time = basename(old).slice("latest_".length);
  if (!(await exists(archive))) return false;
  for await (const { name, isDirectory } of Deno.readDir(archive)) {
    if (!isDirectory || !name.startsWith(`${time}--`)) continue;
    if (!name.endsWith(PARTIAL_SUFFIX) && !name.endsWith(DELETING_SUFFIX)) return true;
  }
  return false;
}
