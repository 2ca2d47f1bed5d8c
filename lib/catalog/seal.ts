import { dirname, join } from "@std/path";
import { isNoRoom, noRoomError, PgstrataError } from "../base/mod.ts";
import { syncFile, syncFolder } from "../system/mod.ts";
import { exists } from "./claim_folder.ts";

/** Files synced at the same time: the journal of a file system commits them together. */
const PARALLEL_SYNCS = 16;

/**
 * Makes a finished folder a backup: syncs every file and folder below, renames, syncs the folder above.
 * Data, `summary.txt`, `manifest.json` and `SHA256SUMS` stand in `partial` already, in this order.
 *
 * @param synced paths below `partial` (`/` between the parts) that were synced after their last write
 * @throws {PgstrataError} code `refused` when `final` exists; `no_room` when the disk fills while syncing;
 *   nothing was renamed then.
 */
export async function sealFolder(
  partial: string,
  final: string,
  synced: ReadonlySet<string> = new Set(),
): Promise<void> {
  try {
    await syncTree(partial, synced);
    // rename(2) goes over an empty folder, at most: whatever has content makes it fail.
    if (await exists(final)) throw taken(final);
    await Deno.rename(partial, final);
    await syncFolder(dirname(final));
  } catch (cause) {
    if (cause instanceof PgstrataError) throw cause;
    if (isNoRoom(cause)) throw noRoomError("Cannot seal the backup: no space left on the device", cause);
    throw new PgstrataError("Cannot seal the backup: the system refused", { context: { folder: final }, cause });
  }
}

/** Syncs every file and folder below `root`, and `root` itself. Links are not followed. */
export async function syncTree(root: string, synced: ReadonlySet<string> = new Set()): Promise<void> {
  const files: string[] = [];
  const folders: string[] = [""];
  for (let index = 0; index < folders.length; index++) {
    const folder = folders[index] ?? "";
    for await (const entry of Deno.readDir(join(root, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory) folders.push(path);
      else if (entry.isFile && !synced.has(path)) files.push(path);
    }
  }
  await eachInParallel(files, (path) => syncFile(join(root, path)));
  await eachInParallel(folders.toReversed(), (path) => syncFolder(join(root, path)));
}

async function eachInParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(Array.from({ length: PARALLEL_SYNCS }, async () => {
    for (const item of left) await work(item);
  }));
}

function taken(final: string): PgstrataError {
  return new PgstrataError("Cannot seal the backup: its folder exists already", {
    code: "refused",
    context: { folder: final },
    hint: "Nothing was overwritten. Move that folder away and back up again.",
  });
}
