import { tmpdir } from "node:os";
import { join } from "@std/path";
import { FileLock, removeTree, TempFolder } from "../system/mod.ts";

const PREFIX = "pgstrata-restore-";
const LOCK = "lock";

/**
 * A private folder for lists and connection files, whose password must not lie about. It goes with its scope; after
 * kill -9 the next restore takes it away.
 */
export async function openWorkFolder(now: Date): Promise<{ readonly path: string } & AsyncDisposable> {
  await sweep(now);
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await TempFolder.create({ prefix: PREFIX }));
  const lock = await FileLock.take(join(folder.path, LOCK), now);
  if (lock instanceof FileLock) stack.use(lock);
  const owned = stack.move();
  return { path: folder.path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Removes folders whose process is dead: their lock can be had. That one cannot be removed is not ours to complain of. */
async function sweep(now: Date): Promise<void> {
  const parent = tmpdir();
  try {
    for await (const { name, isDirectory } of Deno.readDir(parent)) {
      if (!isDirectory || !name.startsWith(PREFIX)) continue;
      await removeDead(join(parent, name), now).catch(() => {});
    }
  } catch {
    // The folder for temporary files may not be listed by everybody.
  }
}

async function removeDead(folder: string, now: Date): Promise<void> {
  const path = join(folder, LOCK);
  // Without one it is being made by another process just now.
  await Deno.lstat(path);
  const lock = await FileLock.take(path, now);
  if (!(lock instanceof FileLock)) return;
  using _held = lock;
  await removeTree(folder);
}
