/** Milliseconds an older Deno waits before it takes a file for locked. */
const PATIENCE = 300;

/**
 * Locks an open file if nobody else does; the lock goes with the file.
 *
 * Deno before 2.7 has only the form that waits: there a lock that is not to be had at once counts as taken.
 *
 * @param exclusive alone, or shared with others that share
 */
export async function tryLock(file: Deno.FsFile, exclusive: boolean): Promise<boolean> {
  if ("tryLock" in file) return await file.tryLock(exclusive);
  const older: { lock(exclusive: boolean): Promise<void> } = file;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), PATIENCE));
  try {
    return await Promise.race([older.lock(exclusive).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Gives a lock back and closes its file. Closing alone is not enough: a program that is just being started has all open
 * files of this process until it begins, and with them their locks (flock(2): "duplicate file descriptors").
 */
export function unlockAndClose(file: Deno.FsFile): void {
  try {
    file.unlockSync();
  } catch {
    // An older Deno still waits for a lock it did not get: closing ends that.
  } finally {
    file.close();
  }
}
