import { createHash } from "node:crypto";
import { join } from "@std/path";
import { eachInParallel, PgstrataError } from "../base/mod.ts";
import { backupFiles, MANIFEST_NAMES, type StoredFile } from "./backup_files.ts";
import { REMOVING_MARK } from "./remote_shelf.ts";
import { bytesSource, FileSource } from "./source.ts";
import type { Store, StoredObject } from "./store.ts";

/** A backup to push. */
export interface PushRequest {
  /** The sealed folder. */
  readonly folder: string;
  /** Its name in the store: the path it has on the shelf. */
  readonly path: string;
}

/** What a push or pull tells while it runs. */
export type TransferEvent =
  | { readonly type: "planned"; readonly files: number; readonly bytes: number }
  /** Bytes have arrived, or were there already. */
  | { readonly type: "moved"; readonly bytes: number }
  | { readonly type: "file"; readonly path: string; readonly skipped: boolean }
  | { readonly type: "notice"; readonly message: string };

/** What a transfer needs from outside. */
export interface TransferDeps {
  /** Files at the same time. */
  readonly jobs: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TransferEvent) => void;
}

/** How a transfer ended. */
export interface TransferResult {
  readonly files: number;
  readonly bytes: number;
  /** Of those, what was moved by this call; the rest was there already. */
  readonly movedFiles: number;
  readonly movedBytes: number;
}

/**
 * Stores a sealed backup, its manifest last: as long as that is not there, nobody takes the rest for a backup.
 * What an interrupted push has stored is kept, where its hash is right. Every file is hashed while it is read, and
 * a store takes it only when that is the hash of the manifest.
 *
 * The caller holds the backup (`holdBackup()`), so that it is not removed meanwhile.
 *
 * @throws {PgstrataError} code `not_good` when a local file is damaged, `refused` when another backup stands there or
 *   is being removed, and what the store says; a later call goes on where this one stopped
 */
export async function pushBackup(store: Store, request: PushRequest, deps: TransferDeps): Promise<TransferResult> {
  const { folder, path } = request;
  const { manifest, files } = await backupFiles(folder);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  deps.onEvent?.({ type: "planned", files: files.length, bytes });
  const stored = new Map<string, StoredObject>();
  for await (const object of store.list(`${path}/`)) stored.set(object.key.slice(path.length + 1), object);
  if (stored.has(REMOVING_MARK)) {
    throw refused(
      store,
      path,
      "is being removed there",
      "`pgstrata prune --remote --apply` finishes the removal; push again after that.",
    );
  }
  const last = files.at(-1);
  const otherManifest = MANIFEST_NAMES.find((name) => name !== manifest && stored.has(name));
  if (otherManifest !== undefined || last === undefined) {
    throw refused(
      store,
      path,
      `stands there in another form, with ${otherManifest}`,
      "Remove it there first, if it shall be replaced: a plain copy beside an encrypted one would defeat its purpose.",
    );
  }
  let moved = { files: 0, bytes: 0 };
  const move = async (file: StoredFile, ifAbsent: boolean) => {
    const object = stored.get(file.path);
    const skipped = object !== undefined && await isStored(store, `${path}/${file.path}`, object, file);
    if (!skipped) {
      using source = new FileSource(join(folder, file.path), file.bytes, file.sha256);
      const onBytes = (count: number) => deps.onEvent?.({ type: "moved", bytes: count });
      const outcome = await store.put(`${path}/${file.path}`, source, { ifAbsent, onBytes });
      if (outcome === "exists" && !(await isStoredNow(store, `${path}/${file.path}`, file))) {
        throw refused(
          store,
          path,
          "stands there already, and is another one",
          "Two backups have the same name: rename one of the folders.",
        );
      }
      moved = { files: moved.files + 1, bytes: moved.bytes + file.bytes };
    } else deps.onEvent?.({ type: "moved", bytes: file.bytes });
    deps.onEvent?.({ type: "file", path: file.path, skipped });
  };
  const manifestObject = stored.get(manifest);
  if (manifestObject !== undefined && !(await isStored(store, `${path}/${manifest}`, manifestObject, last))) {
    throw refused(
      store,
      path,
      "stands there already, and is another one",
      "Two backups have the same name: rename one of the folders.",
    );
  }
  await eachInParallel(files.slice(0, -1), deps.jobs, deps.signal, (file) => move(file, false));
  if (manifestObject === undefined) await removeStrays(store, path, stored, files, deps);
  await requireAll(store, path, files.slice(0, -1));
  deps.signal?.throwIfAborted();
  await move(last, true);
  return { files: files.length, bytes, movedFiles: moved.files, movedBytes: moved.bytes };
}

/** Whether an object is what a file is: by the hash noted with it, else by reading it. */
async function isStored(store: Store, key: string, object: StoredObject, file: StoredFile): Promise<boolean> {
  return object.bytes === file.bytes && await isStoredNow(store, key, file);
}

async function isStoredNow(store: Store, key: string, file: StoredFile): Promise<boolean> {
  const details = await store.head(key);
  if (details === null || details.bytes !== file.bytes) return false;
  if (details.sha256 !== null) return details.sha256 === file.sha256;
  const hash = createHash("sha256");
  for await (const chunk of await store.get(key)) hash.update(chunk);
  return hash.digest("hex") === file.sha256;
}

/** Removes what an interrupted push of another form has left: plain files, when the backup is encrypted by now. */
async function removeStrays(
  store: Store,
  path: string,
  stored: ReadonlyMap<string, StoredObject>,
  files: readonly StoredFile[],
  deps: TransferDeps,
): Promise<void> {
  const own = new Set(files.map((file) => file.path));
  for (const name of stored.keys()) {
    if (own.has(name)) continue;
    deps.onEvent?.({
      type: "notice",
      message: `removing ${path}/${name} from ${store.name}: it is not of this backup`,
    });
    await store.remove(`${path}/${name}`);
  }
}

/** Looks that everything is there before the manifest says so. */
async function requireAll(store: Store, path: string, files: readonly StoredFile[]): Promise<void> {
  const found = new Map<string, number>();
  for await (const object of store.list(`${path}/`)) found.set(object.key.slice(path.length + 1), object.bytes);
  const missing = files.find((file) => found.get(file.path) !== file.bytes);
  if (missing === undefined) return;
  throw new PgstrataError(`Cannot push ${path}: ${missing.path} is not in the storage, though it took it`, {
    context: { storage: store.name },
    hint: "Is something removing objects there, a lifecycle rule or another person? Push again.",
  });
}

/** Marks a backup in a store as being removed. */
export async function markRemoving(store: Store, path: string): Promise<void> {
  await store.put(`${path}/${REMOVING_MARK}`, bytesSource(new TextEncoder().encode("removing\n")));
}

function refused(store: Store, path: string, state: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot push ${path}: it ${state}`, {
    code: "refused",
    context: { storage: store.name },
    hint,
  });
}
