import { dirname } from "@std/path";
import { FILE_MODE, FileLock, makeFolder, tryLock, unlockAndClose } from "../system/mod.ts";
import { inUseLock } from "./shelf_paths.ts";

/**
 * Says that a backup is being read (verify, restore, push), until disposed of: its removal then waits for
 * another time. Any number may read at once.
 *
 * @returns null when its removal has begun
 * @throws {Error} what the system says, for example on a shelf that may only be read
 */
export async function holdBackup(shelf: string, id: string): Promise<Disposable | null> {
  return await lockBackup(shelf, id, false);
}

/** Takes a backup for removal, until disposed of; null when somebody reads it. */
export async function takeBackup(shelf: string, id: string): Promise<Disposable | null> {
  return await lockBackup(shelf, id, true);
}

/** Whether a process holds a lock file. The look itself takes a shared lock for a moment. */
export async function isLocked(path: string): Promise<boolean> {
  try {
    const file = await Deno.open(path);
    try {
      return !(await tryLock(file, false));
    } finally {
      unlockAndClose(file);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Attempts to take a lock, and milliseconds between them. */
const ATTEMPTS = { held: 5, lookedAt: 500, wait: 40 };

/**
 * Takes a lock that others look at with {@linkcode isLocked}: whoever only looks is waited for, on a busy machine for
 * longer than the moment it should take.
 *
 * @returns the lock, or what is known of its holder
 */
export async function takeLookedAt(path: string, now: Date): Promise<Awaited<ReturnType<typeof FileLock.take>>> {
  for (let attempt = 1;; attempt++) {
    const lock = await FileLock.take(path, now);
    if (lock instanceof FileLock || attempt >= ATTEMPTS.lookedAt) return lock;
    if (attempt >= ATTEMPTS.held && await isLocked(path)) return lock;
    await new Promise((resolve) => setTimeout(resolve, ATTEMPTS.wait));
  }
}

async function lockBackup(shelf: string, id: string, exclusive: boolean): Promise<Disposable | null> {
  const path = inUseLock(shelf, id);
  await makeFolder(dirname(path));
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: FILE_MODE });
  if (await tryLock(file, exclusive)) return { [Symbol.dispose]: () => unlockAndClose(file) };
  file.close();
  return null;
}
