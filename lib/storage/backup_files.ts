import { join } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import { CHECKSUMS_FILE, MANIFEST_FILE, parseChecksums, parseManifest } from "../catalog/mod.ts";
import { hashFile } from "../system/mod.ts";

/** A file of a backup, as it is stored. */
export interface StoredFile {
  /** Below the backup's folder, `/` between the parts. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** All files of a sealed backup. */
export interface BackupFiles {
  /** The manifest's name here; it stands last wherever files are listed. */
  readonly manifest: string;
  readonly files: readonly StoredFile[];
}

/** Names that a manifest can have. */
export const MANIFEST_NAMES: readonly string[] = [MANIFEST_FILE, `${MANIFEST_FILE}.age`, `${MANIFEST_FILE}.gpg`];

/**
 * The files of a sealed backup with their hashes, the manifest last: of a plain one from the manifest, of an
 * encrypted one, which is stored as it is, from `SHA256SUMS`.
 *
 * @throws {PgstrataError} code `not_good` when a file is missing or has another length, `refused` without manifest
 */
export async function backupFiles(folder: string): Promise<BackupFiles> {
  const present = await Promise.all(
    MANIFEST_NAMES.map((name) => Deno.lstat(join(folder, name)).then(() => true, () => false)),
  );
  const manifest = MANIFEST_NAMES.find((_, index) => present[index]);
  if (manifest === undefined) {
    throw new PgstrataError("Cannot push the backup: it has no manifest", {
      code: "refused",
      context: { folder },
      hint:
        "Only sealed backups of pgstrata are pushed: nothing tells what belongs to this one, and whether it is whole.",
    });
  }
  const sums = await readOrMissing(folder, CHECKSUMS_FILE);
  const hashes = new Map(parseChecksums(sums).map(({ path, sha256 }) => [path, sha256]));
  if (manifest === MANIFEST_FILE) {
    // The manifest is the truth; a list of checksums that differs is a damage.
    const text = await readOrMissing(folder, MANIFEST_FILE);
    for (const { path, sha256 } of parseManifest(text).files) {
      if (hashes.get(path) !== sha256) throw notWhole(folder, path, "has two checksums");
    }
  }
  if (!hashes.has(manifest)) throw notWhole(folder, manifest, "has no checksum");
  const files: StoredFile[] = [];
  for (const [path, sha256] of hashes) {
    if (path !== manifest) files.push({ path, sha256, bytes: await sizeOf(folder, path) });
  }
  files.push({ path: CHECKSUMS_FILE, ...await hashFile(join(folder, CHECKSUMS_FILE)) });
  files.push({ path: manifest, sha256: hashes.get(manifest) ?? "", bytes: await sizeOf(folder, manifest) });
  return { manifest, files };
}

async function readOrMissing(folder: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(join(folder, path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw notWhole(folder, path, "is missing");
    throw error;
  }
}

async function sizeOf(folder: string, path: string): Promise<number> {
  try {
    return (await Deno.lstat(join(folder, path))).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw notWhole(folder, path, "is missing");
    throw error;
  }
}

function notWhole(folder: string, path: string, state: string): PgstrataError {
  return new PgstrataError(`Cannot push the backup: ${path} ${state}`, {
    code: "not_good",
    context: { folder },
    hint: "`pgstrata verify` tells all that is wrong with it. Nothing was stored.",
  });
}
