import { createHash } from "node:crypto";
import { dirname, join } from "@std/path";
import { type Clock, eachInParallel, PgstrataError, sizeText } from "../base/mod.ts";
import {
  CHECKSUMS_FILE,
  exists,
  makeFolderDurable,
  MANIFEST_FILE,
  parseChecksums,
  parseManifest,
  sealFolder,
  SHELF_META,
} from "../catalog/mod.ts";
import { EarlySync, FileLock, freeSpace, holdsContent, makeFolder, removeTree } from "../system/mod.ts";
import type { StoredFile } from "./backup_files.ts";
import { PartBuffers } from "./part_buffers.ts";
import { PART, pullFile } from "./pull_file.ts";
import type { TransferDeps, TransferResult } from "./push.ts";
import { readObjectText } from "./read_object.ts";
import { missingObject, noRoomToPull } from "./store_error.ts";
import type { RemoteBackup } from "./remote_shelf.ts";
import type { Store } from "./store.ts";

/** Where backups are kept until they are whole: on the shelf's file system, and never taken for a backup. */
function workFolder(shelf: string, path: string): string {
  return join(shelf, SHELF_META, "pull", path.replaceAll("/", "%2F"));
}

/** What a pull needs from outside. */
export interface PullDeps extends TransferDeps {
  readonly clock: Clock;
}

/** How a pull ended. */
export interface PullResult extends TransferResult {
  readonly folder: string;
}

/**
 * Brings a backup from a store back onto a shelf, under the path it has there: every file checked against its hash,
 * then published by one rename. What an interrupted pull has brought is kept, the middle of a file too.
 *
 * @throws {PgstrataError} code `refused` when the folder exists or another pull of it runs, `not_good` when the
 *   stored backup is damaged, `no_room`, and what the store says; a later call goes on where this one stopped
 */
export async function pullBackup(
  store: Store,
  backup: RemoteBackup,
  shelf: string,
  deps: PullDeps,
): Promise<PullResult> {
  const final = join(shelf, backup.path);
  const work = workFolder(shelf, backup.path);
  if (await exists(final)) {
    throw new PgstrataError(`Cannot pull ${backup.path}: it is on the shelf already`, {
      code: "refused",
      context: { folder: final },
      hint: "Nothing was overwritten. `pgstrata verify` tells whether it is whole; move it away to pull it again.",
    });
  }
  const lock = await FileLock.take(`${work}.lock`, deps.clock.now());
  if (!(lock instanceof FileLock)) {
    throw new PgstrataError(`Cannot pull ${backup.path}: another process is at it`, {
      code: "refused",
      context: lock.heldBy === null ? {} : { pid: lock.heldBy.pid, since: lock.heldBy.since },
      hint: "Wait until it has ended.",
    });
  }
  using _pulling = lock;
  const { synced, ...result } = await pullInto(store, backup, work, deps);
  await makeFolderDurable(dirname(final));
  await sealFolder(work, final, synced);
  await removeTree(`${work}.lock`);
  return { ...result, folder: final };
}

async function pullInto(
  store: Store,
  backup: RemoteBackup,
  work: string,
  deps: PullDeps,
): Promise<TransferResult & { readonly synced: ReadonlySet<string> }> {
  // Large ones first: they are synced while others still come.
  const files = (await remoteFiles(store, backup, deps.signal)).sort((one, other) => other.bytes - one.bytes);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  deps.onEvent?.({ type: "planned", files: files.length, bytes });
  for (const folder of new Set(files.map(({ path }) => dirname(join(work, path))))) await makeFolder(folder);
  await requireRoom(work, bytes);
  await removeOthers(work, files);
  let movedFiles = 0;
  let movedBytes = 0;
  const parts = new PartBuffers(deps.jobs, PART);
  const syncing = new EarlySync();
  try {
    await eachInParallel(files, deps.jobs, deps.signal, async (file) => {
      const skipped = await holdsContent(join(work, file.path), file);
      if (skipped) deps.onEvent?.({ type: "moved", bytes: file.bytes });
      else {
        const moved = await pullFile(store, `${backup.path}/${file.path}`, join(work, file.path), file, parts, deps);
        movedBytes += moved;
        movedFiles++;
        syncing.add(file.path, join(work, file.path), file.bytes);
      }
      deps.onEvent?.({ type: "file", path: file.path, skipped });
    });
    return { files: files.length, bytes, movedFiles, movedBytes, synced: await syncing.done() };
  } finally {
    await syncing.settle();
  }
}

/** The files of a stored backup: by its manifest where that can be read, else by its checksums. */
async function remoteFiles(store: Store, backup: RemoteBackup, signal?: AbortSignal): Promise<StoredFile[]> {
  const sizes = new Map<string, number>();
  for await (const object of store.list(`${backup.path}/`)) {
    sizes.set(object.key.slice(backup.path.length + 1), object.bytes);
  }
  const text = async (name: string) => {
    const object = await store.head(`${backup.path}/${name}`);
    if (object === null) throw missingObject(`${backup.path}/${name}`, store.name);
    return await readObjectText(store, object, signal);
  };
  const sums = await text(CHECKSUMS_FILE);
  const hashes = new Map(parseChecksums(sums).map(({ path, sha256 }) => [path, sha256]));
  if (backup.manifest === MANIFEST_FILE) {
    for (const { path, sha256 } of parseManifest(await text(MANIFEST_FILE)).files) hashes.set(path, sha256);
  }
  hashes.set(CHECKSUMS_FILE, createHash("sha256").update(sums).digest("hex"));
  return [...hashes].map(([path, sha256]) => {
    const bytes = sizes.get(path);
    if (bytes === undefined) throw missingObject(`${backup.path}/${path}`, store.name);
    return { path, sha256, bytes };
  });
}

/** What an earlier pull of another backup by this name may have left. */
async function removeOthers(work: string, files: readonly StoredFile[]): Promise<void> {
  const own = new Set(files.flatMap(({ path }) => [path, `${path}.part`]));
  const folders = [""];
  for (let above = folders.pop(); above !== undefined; above = folders.pop()) {
    for (const entry of Deno.readDirSync(join(work, above))) {
      const path = above === "" ? entry.name : `${above}/${entry.name}`;
      if (entry.isDirectory) folders.push(path);
      else if (!own.has(path)) await Deno.remove(join(work, path));
    }
  }
}

async function requireRoom(work: string, bytes: number): Promise<void> {
  let here = 0;
  const folders = [work];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of Deno.readDirSync(folder)) {
      if (entry.isDirectory) folders.push(join(folder, entry.name));
      else here += Deno.lstatSync(join(folder, entry.name)).size;
    }
  }
  const free = await freeSpace(work);
  if (free < bytes - here) {
    throw noRoomToPull(`it needs ${sizeText(bytes - here)} more, ${sizeText(free)} are free`);
  }
}
