import { dirname, join } from "@std/path";
import { FOLDER_MODE, makeFolder, syncFolder } from "../system/mod.ts";
import type { FolderMeta, Layout } from "./layout.ts";
import { partialPath } from "./shelf_paths.ts";

/** A folder made for one backup. */
export interface ClaimedFolder {
  /** The backup's time, for all its names: the one wished for, or up to some seconds later. */
  readonly time: Date;
  /** Where to write. It exists, is empty and nobody else's. */
  readonly partial: string;
  /** What it becomes when it is sealed. */
  readonly final: string;
}

/**
 * Makes the folder a backup is written to. When the second is taken already, the next free one
 * is used, so that two backups never share a folder.
 *
 * @param shelf the folder that holds all backups; made when it is missing
 * @throws {Error} what the system says
 */
export async function claimFolder(shelf: string, layout: Layout, meta: FolderMeta): Promise<ClaimedFolder> {
  for (let time = new Date(Math.floor(meta.time.getTime() / 1000) * 1000);; time = new Date(time.getTime() + 1000)) {
    const final = join(shelf, layout.folder({ ...meta, time }));
    const partial = partialPath(final);
    await makeFolderDurable(dirname(final));
    try {
      await Deno.mkdir(partial, { mode: FOLDER_MODE });
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) continue;
      throw error;
    }
    // Looked at after the folder was made: whoever sealed `final` in between had made `partial` before us.
    const latest = layout.latest({ ...meta, time });
    const taken = await exists(final) || (latest !== null && await exists(join(shelf, latest)));
    if (!taken) return { time, partial, final };
    await Deno.remove(partial);
  }
}

/** Makes a folder and those above it, and syncs the names of those it made. */
export async function makeFolderDurable(path: string): Promise<void> {
  if (await exists(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolderDurable(parent);
  await makeFolder(path);
  await syncFolder(parent);
}

/** Whether anything has this name; a broken link counts. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
