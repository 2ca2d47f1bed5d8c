import { dirname } from "@std/path";
import { isNoRoom } from "../base/mod.ts";
import { makeFolder } from "./atomic_file.ts";
import { tryLock, unlockAndClose } from "./try_lock.ts";

/** What the holder of a lock wrote about itself. */
export interface LockHolder {
  readonly pid: number;
  /** ISO time the lock was taken. */
  readonly since: string;
}

/**
 * An exclusive lock that the operating system gives back when the holder dies, however it dies.
 */
export class FileLock implements Disposable {
  private constructor(private readonly file: Deno.FsFile) {}

  /**
   * Takes the lock, without waiting.
   *
   * @returns the lock, or who holds it (null if the holder did not say)
   */
  static async take(path: string, now: Date): Promise<FileLock | { readonly heldBy: LockHolder | null }> {
    await makeFolder(dirname(path));
    const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    if (!(await tryLock(file, true))) {
      file.close();
      return { heldBy: await readHolder(path) };
    }
    const holder: LockHolder = { pid: Deno.pid, since: now.toISOString() };
    try {
      await file.truncate(0);
      await file.write(new TextEncoder().encode(JSON.stringify(holder)));
    } catch (error) {
      // The lock is what counts. On a full disk it is needed to make room.
      if (!isNoRoom(error)) {
        unlockAndClose(file);
        throw error;
      }
    }
    return new FileLock(file);
  }

  [Symbol.dispose](): void {
    unlockAndClose(this.file);
  }
}

async function readHolder(path: string): Promise<LockHolder | null> {
  try {
    const holder = JSON.parse(await Deno.readTextFile(path));
    return typeof holder?.pid === "number" && typeof holder?.since === "string" ? holder : null;
  } catch {
    return null;
  }
}
