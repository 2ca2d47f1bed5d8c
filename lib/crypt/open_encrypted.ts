import { join } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import { FileLock, removeTree, TempFolder, writeFileAtomic } from "../system/mod.ts";
import { decryptInto } from "./decrypt_folder.ts";
import { openDecryptor } from "./decryptor.ts";
import type { FolderCryptDeps } from "./encrypt_folder.ts";
import { folderState, MANIFEST, SUMS } from "./folder_state.ts";
import type { DecryptionKeys } from "./keys.ts";

/** A plain copy of an encrypted backup. It goes when its scope ends. */
export interface OpenedBackup extends AsyncDisposable {
  /** A folder (mode 0700) with the wanted files, `manifest.json` and `SHA256SUMS`, by their plain names. */
  readonly folder: string;
}

/** How much is decrypted, and where to. */
export interface OpenEncryptedOptions {
  /** The time, for the lock's note. */
  readonly now: Date;
  /** Files wanted, by their plain path. Default: all. */
  readonly only?: (path: string) => boolean;
  /** Folder that takes the copy: a disk with room for it. Default: the system's for temporary files. */
  readonly parent?: string;
}

const PREFIX = "pgstrata-plain-";

/**
 * Opens an encrypted backup for reading: decrypts it into a private temporary folder, each file checked against
 * the manifest inside. Copies that killed processes left in the same place are removed first.
 *
 * @throws {PgstrataError} code `usage` when no key opens it, `not_good` when a file is damaged, `no_room`,
 *   `refused` when it is not encrypted; nothing is left behind
 */
export async function openEncrypted(
  folder: string,
  keys: DecryptionKeys,
  options: OpenEncryptedOptions,
  deps: FolderCryptDeps = {},
): Promise<OpenedBackup> {
  const state = await folderState(folder);
  if (state === "plain" || state === "none") {
    throw new PgstrataError("Cannot open the backup: it is not encrypted", { code: "refused", context: { folder } });
  }
  await using opening = new AsyncDisposableStack();
  const temporary = opening.use(
    await TempFolder.create({
      prefix: PREFIX,
      ...options.parent === undefined ? {} : { parent: options.parent },
    }),
  );
  await removeAbandoned(join(temporary.path, ".."), temporary.path, options.now);
  const lock = await FileLock.take(join(temporary.path, "lock"), options.now);
  if (lock instanceof FileLock) opening.use(lock);
  const copy = join(temporary.path, "backup");
  await using decryptor = await openDecryptor(folder, state, keys, deps);
  const only = options.only ?? (() => true);
  const { manifest, checksums } = await decryptInto(folder, copy, decryptor, deps, { sync: false, only });
  await writeFileAtomic(join(copy, MANIFEST), manifest);
  await writeFileAtomic(join(copy, SUMS), checksums);
  const opened = opening.move();
  return { folder: copy, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Removes plain copies whose process has ended: the system gave their locks back. */
async function removeAbandoned(parent: string, own: string, now: Date): Promise<void> {
  for await (const entry of Deno.readDir(parent)) {
    const path = join(parent, entry.name);
    if (!entry.isDirectory || !entry.name.startsWith(PREFIX) || path === own) continue;
    try {
      // One that is only just being made has no lock file yet.
      await Deno.lstat(join(path, "lock"));
      const lock = await FileLock.take(join(path, "lock"), now);
      if (!(lock instanceof FileLock)) continue;
      using _taken = lock;
      await removeTree(path);
    } catch {
      // Of another user, or gone meanwhile: not ours to remove.
    }
  }
}
