import { join } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import { FileLock, removeTree } from "../system/mod.ts";
import { endStalePostmaster } from "./postmaster.ts";
import type { ServerUser } from "./server_user.ts";

const PREFIX = "pgstrata-cluster-";
const SOCKET_PREFIX = "pgstrata-socket-";

/** Longest path of a Unix socket that every system takes (107 bytes on Linux, 103 on macOS). */
const SOCKET_PATH_LIMIT = 100;

/**
 * Folder of one cluster (mode 0700), locked as long as its owner lives. What a dead owner left is
 * removed by the next one who makes a folder in the same place.
 */
export class ClusterFolder implements AsyncDisposable {
  private constructor(
    readonly path: string,
    /** Folder of the Unix sockets; elsewhere if `path` is too long for a socket. */
    readonly socketFolder: string,
    private readonly lock: FileLock,
  ) {}

  /** Folder of the server's data. */
  get dataFolder(): string {
    return join(this.path, "data");
  }

  /**
   * Sweeps `parent`, then makes and locks a new folder there, owned by `user`.
   *
   * @throws {PgstrataError} code `usage` when there is no such folder
   */
  static async create(parent: string, user: ServerUser | null): Promise<ClusterFolder> {
    if (!(await exists(parent))) {
      throw new PgstrataError(`Cannot start a disposable server: there is no folder ${parent}`, {
        code: "usage",
        hint: "TMPDIR names the folder for temporary files: make it, or name another one.",
      });
    }
    await sweepClusters(parent, user);
    for (let attempt = 0; attempt < 10; attempt++) {
      const id = crypto.randomUUID().slice(0, 8);
      const path = join(parent, PREFIX + id);
      await Deno.mkdir(path, { mode: 0o700 });
      const lock = await FileLock.take(join(path, "lock"), new Date());
      // A sweep may have seen the folder before it was locked: then it has gone, and another name is tried.
      if (!(lock instanceof FileLock)) continue;
      if (!(await exists(join(path, "lock")))) {
        lock[Symbol.dispose]();
        continue;
      }
      const socketFolder = socketFolderOf(path, id);
      await Deno.mkdir(socketFolder, { mode: 0o700 });
      if (user !== null) {
        await Deno.chown(path, user.uid, user.gid);
        await Deno.chown(socketFolder, user.uid, user.gid);
      }
      return new ClusterFolder(path, socketFolder, lock);
    }
    throw new PgstrataError(`Cannot make a folder for a server: each one in ${parent} was removed at once`);
  }

  /** Removes the folder, blocking: for the last moment of a process. What fails is left to the next sweep. */
  removeSync(): void {
    for (const path of [this.socketFolder, this.path]) {
      try {
        Deno.removeSync(path, { recursive: true });
      } catch {
        // Already gone with the other, or still written to by a child of the server.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await removeTree(this.socketFolder);
      await removeTree(this.path);
    } finally {
      this.lock[Symbol.dispose]();
    }
  }
}

/**
 * Ends the servers and removes the folders of owners that are dead. Folders whose owner lives (its
 * lock is held), and folders of other users, are left alone.
 *
 * @returns paths removed
 */
export async function sweepClusters(parent: string, user: ServerUser | null): Promise<string[]> {
  const removed: string[] = [];
  for await (const entry of Deno.readDir(parent)) {
    if (!entry.isDirectory || !entry.name.startsWith(PREFIX)) continue;
    const path = join(parent, entry.name);
    try {
      if (await sweep(path, entry.name.slice(PREFIX.length), user)) removed.push(path);
    } catch {
      // Another process removes it at this moment, or may: then it is not ours to worry about.
    }
  }
  return removed;
}

async function sweep(path: string, id: string, user: ServerUser | null): Promise<boolean> {
  const info = await Deno.lstat(path);
  if (info.uid !== null && info.uid !== Deno.uid() && info.uid !== user?.uid) return false;
  // Without a lock file it is being made right now, unless it is old.
  const isNew = info.mtime !== null && Date.now() - info.mtime.getTime() < 60_000;
  if (isNew && !(await exists(join(path, "lock")))) return false;
  const lock = await FileLock.take(join(path, "lock"), new Date());
  if (!(lock instanceof FileLock)) return false;
  try {
    await endStalePostmaster(join(path, "data"));
    await removeTree(socketFolderOf(path, id));
    await removeTree(path);
    return true;
  } finally {
    lock[Symbol.dispose]();
  }
}

function socketFolderOf(path: string, id: string): string {
  const inside = join(path, "s");
  const length = new TextEncoder().encode(join(inside, ".s.PGSQL.65535.lock")).length;
  return length <= SOCKET_PATH_LIMIT ? inside : `/tmp/${SOCKET_PREFIX}${id}`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
