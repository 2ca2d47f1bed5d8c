import { join } from "@std/path";
import { eachInParallel, noRoomError, PgstrataError, sizeText } from "../base/mod.ts";
import { freeSpace, hashFile, syncFolder, writeFileAtomic } from "../system/mod.ts";
import { openEncryptor } from "./encryptor.ts";
import { listedFiles } from "./file_list.ts";
import { filesBelow, folderState, MANIFEST, NEXT_SUMS, settleFolder, SUMS } from "./folder_state.ts";
import type { CryptDeps, EncryptionKey } from "./keys.ts";
import { encryptedName, type EncryptionMethod } from "./method.ts";
import type { WrittenFile } from "./output_file.ts";
import { JOBS, sumsText, writeRest } from "./write_rest.ts";

/** What an encryption tells while it runs. */
export interface CryptEvent {
  readonly type: "file";
  /** Plain name, below the folder. */
  readonly path: string;
  /** Plain bytes. */
  readonly bytes: number;
}

/** {@linkcode CryptDeps} of work on a whole backup. */
export interface FolderCryptDeps extends CryptDeps {
  readonly onEvent?: (event: CryptEvent) => void;
}

/**
 * Encrypts a sealed backup where it stands. It is a whole plain backup until all is encrypted and synced, and a whole
 * encrypted one from then on; only after that the plain files go. Both stand side by side for a while.
 *
 * Called again after it was interrupted, it finishes; on a backup that is encrypted already it does nothing.
 *
 * @param summarize the public part from the text of the manifest
 * @returns bytes of the plain files; null when it was encrypted before
 * @throws {PgstrataError} code `not_good` when a file is not what the manifest says, `no_room`, `refused` when it is
 *   encrypted in another way or no sealed backup; the backup is then what it was
 */
export async function encryptBackup(
  folder: string,
  key: EncryptionKey,
  summarize: (manifest: string) => unknown,
  deps: FolderCryptDeps = {},
): Promise<{ readonly bytes: number } | null> {
  const state = await folderState(folder);
  if (state === "none") throw cannot("it has no manifest", folder, "Only sealed backups are encrypted.");
  if (state !== "plain") {
    if (state !== key.method) {
      throw cannot(`it is encrypted with ${state} already`, folder, "Decrypt it first: pgstrata decrypt BACKUP.");
    }
    await settleFolder(folder, state);
    return null;
  }
  await settleFolder(folder, "plain");
  const manifest = await Deno.readTextFile(join(folder, MANIFEST));
  const files = listedFiles(manifest);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  await requireRoom(folder, bytes, files.length);
  const written: string[] = [];
  try {
    await using encryptor = await openEncryptor(key, deps);
    const sums = new Map<string, WrittenFile>();
    await eachInParallel(files, JOBS, deps.signal, async (file) => {
      await requireUnchanged(folder, file.path, file.sha256);
      const target = encryptedName(file.path, key.method);
      written.push(target);
      sums.set(target, await encryptor.encryptFile(join(folder, file.path), join(folder, target), true));
      deps.onEvent?.({ type: "file", path: file.path, bytes: file.bytes });
    });
    const checksums = await Deno.readTextFile(join(folder, SUMS));
    await writeRest(folder, { manifest, checksums, summary: summarize(manifest) }, encryptor, sums, true);
    await writeFileAtomic(join(folder, NEXT_SUMS.encrypted), sumsText(sums));
    for (const below of foldersOf(folder)) await syncFolder(below);
    deps.signal?.throwIfAborted();
  } catch (error) {
    await settleFolder(folder, "plain");
    throw error;
  }
  // From here on it is an encrypted backup.
  await Deno.remove(join(folder, MANIFEST));
  await syncFolder(folder);
  await settleFolder(folder, key.method);
  return { bytes };
}

async function requireUnchanged(folder: string, path: string, sha256: string): Promise<void> {
  let found: string | null;
  try {
    found = (await hashFile(join(folder, path))).sha256;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    found = null;
  }
  if (found === sha256) return;
  throw new PgstrataError(`Cannot encrypt the backup: ${path} is ${found === null ? "missing" : "damaged"}`, {
    code: "not_good",
    context: { folder },
    hint: "`pgstrata verify` tells all that is wrong with it. Nothing was changed.",
  });
}

/** Every file grows by some hundred bytes, and each takes whole blocks of the disk. */
async function requireRoom(folder: string, bytes: number, files: number): Promise<void> {
  const needed = Math.ceil(bytes * 1.002) + files * 4096;
  const free = await freeSpace(folder);
  if (free < needed) {
    throw noRoomError(
      `Cannot encrypt the backup: it needs ${sizeText(needed)} beside the plain files until they go, ${
        sizeText(free)
      } are free`,
    );
  }
}

function foldersOf(folder: string): Set<string> {
  return new Set([folder, ...filesBelow(folder).map((path) => join(folder, ...path.split("/").slice(0, -1)))]);
}

function cannot(state: string, folder: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot encrypt the backup: ${state}`, { code: "refused", context: { folder }, hint });
}

/** Methods a backup can be encrypted with. */
export const ENCRYPTION_METHODS: readonly EncryptionMethod[] = ["age", "gpg"];
