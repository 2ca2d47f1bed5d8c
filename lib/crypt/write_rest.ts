import { join } from "@std/path";
import { hashFile, writeFileAtomic } from "../system/mod.ts";
import type { Encryptor } from "./encryptor.ts";
import { MANIFEST, SUMS } from "./folder_state.ts";
import { encryptedName, keyFile, PUBLIC_FILE } from "./method.ts";
import type { WrittenFile } from "./output_file.ts";
import { publicPartText } from "./public_part.ts";

/** Files encrypted at the same time. */
export const JOBS = 4;

/** What an unfinished backup consists of besides the files that are encrypted one by one. */
export interface UnsealedBackup {
  /** Text of `manifest.json`. It reaches the disk encrypted only. */
  readonly manifest: string;
  /** Text of `SHA256SUMS`, of the plain files. It reaches the disk encrypted only. */
  readonly checksums: string;
  /** What everybody may read: the catalog's summary of the manifest. */
  readonly summary: unknown;
}

/** The files that are the same in every encrypted backup; the manifest last. */
export async function writeRest(
  folder: string,
  backup: UnsealedBackup,
  encryptor: Encryptor,
  sums: Map<string, WrittenFile>,
  sync: boolean,
): Promise<void> {
  const { method, opensBy, writeLockedKey } = encryptor;
  const put = async (name: string, write: (target: string) => Promise<WrittenFile>) =>
    sums.set(name, await write(join(folder, name)));
  if (writeLockedKey !== null) await put(keyFile(method), (target) => writeLockedKey(target, sync));
  const text = publicPartText({ method, opensBy, summary: backup.summary });
  await writeFileAtomic(join(folder, PUBLIC_FILE), text);
  sums.set(PUBLIC_FILE, await hashFile(join(folder, PUBLIC_FILE)));
  await put(encryptedName(SUMS, method), (target) => encryptor.encryptText(backup.checksums, target, sync));
  await put(encryptedName(MANIFEST, method), (target) => encryptor.encryptText(backup.manifest, target, sync));
}

/** `SHA256SUMS`; no name in a backup holds a backslash or a line break. */
export function sumsText(sums: ReadonlyMap<string, WrittenFile>): string {
  const sorted = [...sums].toSorted(([one], [other]) => one < other ? -1 : 1);
  return sorted.map(([path, { sha256 }]) => `${sha256}  ${path}\n`).join("");
}
