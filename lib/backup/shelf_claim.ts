import { join } from "@std/path";
import { isNoRoom, noRoomError, PgstrataError } from "../base/mod.ts";
import { environmentFolder, environmentLock, parseFolderName, shelfFolders, takeLookedAt } from "../catalog/mod.ts";
import { FileLock, removeTree } from "../system/mod.ts";

/**
 * Takes the lock of an environment: one backup of it at a time.
 *
 * @throws {PgstrataError} code `refused` if another one runs; `failed` if the folder cannot be written
 */
export async function lockEnvironment(shelf: string, environment: string, now: Date): Promise<FileLock> {
  try {
    const lock = await takeLookedAt(environmentLock(shelf, environment), now);
    if (lock instanceof FileLock) return lock;
    const holder = lock.heldBy === null ? "another process" : `process ${lock.heldBy.pid}, since ${lock.heldBy.since}`;
    throw new PgstrataError(`Cannot back up ${environment}: another backup of it is running`, {
      code: "refused",
      context: { running: holder },
      hint: "Wait until it has ended. If it hangs, end that process; the lock goes with it.",
    });
  } catch (cause) {
    if (cause instanceof PgstrataError) throw cause;
    if (isNoRoom(cause)) throw noRoomError("Cannot write to the backup folder: no space left", cause);
    throw new PgstrataError("Cannot write to the backup folder: the system refused", {
      context: { folder: shelf },
      cause,
      hint: "Choose a folder this user may write with --dir, or PGSTRATA_DIR.",
    });
  }
}

/**
 * Removes what interrupted runs of this environment left behind. The environment's lock must be held: nobody writes there.
 *
 * @param onRemove told each folder before it goes
 */
export async function removeLeftovers(
  shelf: string,
  environment: string,
  onRemove: (folder: string) => void,
): Promise<void> {
  const own = environmentFolder(environment);
  for (const folder of shelfFolders(shelf)) {
    if (folder.state !== "partial") continue;
    const parsed = parseFolderName(folder.name);
    if (parsed === null) continue;
    // The ci layout names no environment in a backup's folder; the folder above does, where there are several.
    const isOurs = parsed.environment === null
      ? folder.path.startsWith("archive/") || folder.path.startsWith(`${own}/`)
      : parsed.environment === own;
    if (!isOurs) continue;
    onRemove(folder.path);
    await removeTree(join(shelf, folder.path));
  }
}
