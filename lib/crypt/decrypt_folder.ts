import { dirname, join } from "@std/path";
import { eachInParallel, noRoomError, PgstrataError, sizeText } from "../base/mod.ts";
import { freeSpace, holdsContent, makeFolder, removeTree, syncFolder, writeFileAtomic } from "../system/mod.ts";
import { type Decryptor, openDecryptor } from "./decryptor.ts";
import type { FolderCryptDeps } from "./encrypt_folder.ts";
import { type ListedFile, listedFiles } from "./file_list.ts";
import { filesBelow, type FolderState, folderState, MANIFEST, NEXT_SUMS, settleFolder, SUMS } from "./folder_state.ts";
import type { DecryptionKeys } from "./keys.ts";
import { encryptedName, type EncryptionMethod } from "./method.ts";

/** Files decrypted at the same time. */
const JOBS = 4;

/** What was decrypted. */
export interface DecryptedBackup {
  /** Bytes of the plain files. */
  readonly bytes: number;
}

/**
 * Decrypts a backup where it stands. It is a whole encrypted backup until all is decrypted, checked against the
 * manifest inside and synced, and a whole plain one from then on; only after that the encrypted files go.
 *
 * Called again after it was interrupted, it finishes; on a plain backup it does nothing.
 *
 * @returns null when it was plain before
 * @throws {PgstrataError} code `usage` when no key opens it, `not_good` when a file is damaged, `no_room`, `refused`
 *   when it is no backup; the backup is then what it was
 */
export async function decryptBackup(
  folder: string,
  keys: DecryptionKeys,
  deps: FolderCryptDeps = {},
): Promise<DecryptedBackup | null> {
  const state = await requireBackup(folder);
  if (state === "plain") {
    await settleFolder(folder, "plain");
    return null;
  }
  await using decryptor = await openDecryptor(folder, state, keys, deps);
  let opened: OpenedManifest;
  try {
    opened = await decryptInto(folder, folder, decryptor, deps, { sync: true, only: () => true });
    await writeFileAtomic(join(folder, NEXT_SUMS.plain), opened.checksums);
    for (const below of foldersOf(folder)) await syncFolder(below);
    deps.signal?.throwIfAborted();
  } catch (error) {
    await settleFolder(folder, state);
    throw error;
  }
  // From here on it is a plain backup.
  await writeFileAtomic(join(folder, MANIFEST), opened.manifest);
  await settleFolder(folder, "plain");
  return { bytes: opened.bytes };
}

/**
 * Decrypts a backup into a new folder, whole or not at all; the encrypted one stays. A process that was killed leaves
 * `<target>.partial`: the next call goes on there. One that fails leaves nothing plain behind.
 *
 * @throws {PgstrataError} as {@linkcode decryptBackup}; `refused` when the folder exists
 */
export async function decryptBackupTo(
  folder: string,
  target: string,
  keys: DecryptionKeys,
  deps: FolderCryptDeps = {},
): Promise<DecryptedBackup> {
  const state = await requireBackup(folder);
  if (state === "plain") throw cannot("it is not encrypted", folder, "Copy it by the system's own means.");
  if (await Deno.lstat(target).then(() => true, () => false)) {
    throw cannot(`${target} exists already`, folder, "Name a folder that does not exist. Nothing was overwritten.");
  }
  const partial = `${target}.partial`;
  await using decryptor = await openDecryptor(folder, state, keys, deps);
  try {
    const opened = await decryptInto(folder, partial, decryptor, deps, { sync: true, only: () => true });
    await writeFileAtomic(join(partial, MANIFEST), opened.manifest);
    await writeFileAtomic(join(partial, SUMS), opened.checksums);
    for (const below of foldersOf(partial)) await syncFolder(below);
    await Deno.rename(partial, target);
    await syncFolder(dirname(target));
    return { bytes: opened.bytes };
  } catch (error) {
    await removeTree(partial);
    throw error;
  }
}

/** A manifest read from its encrypted file. */
export interface OpenedManifest {
  readonly manifest: string;
  readonly checksums: string;
  readonly files: readonly ListedFile[];
  /** Bytes of the files that were wanted. */
  readonly bytes: number;
}

/** Decrypts the wanted files of a backup into a folder, each checked against the manifest. */
export async function decryptInto(
  folder: string,
  target: string,
  decryptor: Decryptor,
  deps: FolderCryptDeps,
  options: { readonly sync: boolean; readonly only: (path: string) => boolean },
): Promise<OpenedManifest> {
  const { method } = decryptor;
  const manifest = await decryptor.decryptText(join(folder, encryptedName(MANIFEST, method)));
  const checksums = await decryptor.decryptText(join(folder, encryptedName(SUMS, method)));
  const files = listedFiles(manifest);
  const wanted = files.filter(({ path }) => options.only(path));
  const bytes = wanted.reduce((sum, file) => sum + file.bytes, 0);
  for (const above of new Set(["", ...wanted.map(({ path }) => path.split("/").slice(0, -1).join("/"))])) {
    await makeFolder(join(target, above));
  }
  await requireRoom(target, bytes);
  await eachInParallel(wanted, JOBS, deps.signal, async (file) => {
    // An earlier call may have decrypted it already.
    if (!(await holdsContent(join(target, file.path), file))) {
      await decryptOne(folder, target, file, decryptor, options.sync);
    }
    deps.onEvent?.({ type: "file", path: file.path, bytes: file.bytes });
  });
  return { manifest, checksums, files, bytes };
}

async function decryptOne(
  folder: string,
  target: string,
  file: ListedFile,
  decryptor: Decryptor,
  sync: boolean,
): Promise<void> {
  const source = join(folder, encryptedName(file.path, decryptor.method));
  try {
    await decryptor.decryptFile(source, join(target, file.path), {
      sync,
      check: ({ sha256 }) => {
        if (sha256 !== file.sha256) throw notTheFile(file.path, folder, "is not the file that the manifest lists");
      },
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw notTheFile(file.path, folder, "is missing");
    throw error;
  }
}

async function requireBackup(folder: string): Promise<"plain" | EncryptionMethod> {
  const state: FolderState = await folderState(folder);
  if (state === "none") throw cannot("it is no encrypted backup", folder, "`pgstrata list` shows what there is.");
  return state;
}

async function requireRoom(target: string, bytes: number): Promise<void> {
  const free = await freeSpace(target);
  if (free < bytes) {
    throw noRoomError(
      `Cannot decrypt the backup: it needs ${sizeText(bytes)}, ${sizeText(free)} are free in ${target}`,
    );
  }
}

function foldersOf(folder: string): Set<string> {
  return new Set([folder, ...filesBelow(folder).map((path) => join(folder, ...path.split("/").slice(0, -1)))]);
}

function notTheFile(path: string, folder: string, state: string): PgstrataError {
  return new PgstrataError(`Cannot decrypt the backup: ${path} ${state}`, {
    code: "not_good",
    context: { folder },
    hint: "Take it from another copy: `pgstrata pull` brings one back.",
  });
}

function cannot(state: string, folder: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot decrypt the backup: ${state}`, { code: "refused", context: { folder }, hint });
}
