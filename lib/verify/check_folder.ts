import { join } from "@std/path";
import { countText, messageOf, PgstrataError } from "../base/mod.ts";
import {
  CHECKSUMS_FILE,
  checksumsText,
  type Manifest,
  MANIFEST_FILE,
  parseChecksums,
  parseManifest,
} from "../catalog/mod.ts";
import type { FindingList } from "./finding_list.ts";
import type { FolderFile } from "./folder_files.ts";
import type { HashedFile } from "./verify_job.ts";

/** What is known about a file before it is read. */
export interface ExpectedFile {
  readonly path: string;
  /** Null where only `SHA256SUMS` tells. */
  readonly bytes: number | null;
  readonly sha256: string;
}

/** What a backup says about itself. */
export interface Inscription {
  readonly manifest: Manifest | null;
  /** By path; without `SHA256SUMS` itself. */
  readonly expected: ReadonlyMap<string, ExpectedFile>;
  /** Text of `SHA256SUMS`; null without one. */
  readonly checksums: string | null;
}

/** Reads manifest and checksums; what is wrong with them is noted. */
export async function readInscription(
  folder: string,
  files: readonly FolderFile[],
  list: FindingList,
): Promise<Inscription> {
  const has = (name: string) => files.some(({ path, kind }) => path === name && kind === "file");
  const manifest = has(MANIFEST_FILE) ? await readManifest(folder, list) : null;
  const checksums = has(CHECKSUMS_FILE) ? await Deno.readTextFile(join(folder, CHECKSUMS_FILE)) : null;
  const expected = new Map<string, ExpectedFile>();
  if (checksums !== null) {
    try {
      for (const { path, sha256 } of parseChecksums(checksums)) expected.set(path, { path, sha256, bytes: null });
    } catch (error) {
      if (!(error instanceof PgstrataError)) throw error;
      list.damage("manifest", CHECKSUMS_FILE, `${error.message} (${Object.values(error.context).join(", line ")})`);
    }
  }
  // The manifest knows more, and is itself listed in the checksums.
  for (const { path, bytes, sha256 } of manifest?.files ?? []) expected.set(path, { path, bytes, sha256 });
  return { manifest, expected, checksums };
}

async function readManifest(folder: string, list: FindingList): Promise<Manifest | null> {
  try {
    return parseManifest(await Deno.readTextFile(join(folder, MANIFEST_FILE)));
  } catch (error) {
    if (!(error instanceof PgstrataError)) throw error;
    const reason = typeof error.context["reason"] === "string" ? `: ${error.context["reason"]}` : "";
    list.damage("manifest", MANIFEST_FILE, `${error.message}${reason}`);
    return null;
  }
}

/** Compares what is there with what should be: names, sizes, kinds, permissions. */
export function checkFiles(inscription: Inscription, files: readonly FolderFile[], list: FindingList): void {
  const { expected, manifest, checksums } = inscription;
  const found = new Map(files.map((file) => [file.path, file]));
  for (const { path, bytes } of expected.values()) {
    const file = found.get(path);
    if (file === undefined) list.damage("missing", path, "is missing");
    else if (file.kind !== "file") list.damage("mode", path, "is no plain file");
    else if (bytes !== null && file.bytes !== bytes) {
      list.damage("size", path, `has ${countText(file.bytes)} bytes instead of ${countText(bytes)}`, {
        offset: file.bytes < bytes ? file.bytes : null,
      });
    }
  }
  if (manifest !== null && checksums === null) list.damage("missing", CHECKSUMS_FILE, "is missing");
  if (expected.size === 0) return;
  const known = new Set([...expected.keys(), CHECKSUMS_FILE, MANIFEST_FILE]);
  const folders = new Set([...known].flatMap((path) => foldersAbove(path)));
  for (const { path, kind } of files) {
    if (kind === "folder" ? folders.has(path) : known.has(path)) continue;
    list.damage(
      "extra",
      path,
      kind === "folder" ? "is a folder that the backup does not have" : "is not part of the backup",
    );
  }
  if (manifest !== null) checkModes(files, list);
}

/** Compares the bytes of a file with what should be in it. */
export function checkHash(expected: ExpectedFile, hashed: HashedFile, list: FindingList): void {
  // Another size has been told already.
  if (hashed.sha256 === expected.sha256 || (expected.bytes !== null && hashed.bytes !== expected.bytes)) return;
  list.damage("checksum", expected.path, "its SHA-256 is not the one in the manifest: it was changed");
}

/** `SHA256SUMS` must be, byte for byte, what the manifest gives. */
export function checkChecksums(
  { manifest, checksums }: Inscription,
  hashedManifest: HashedFile | null,
  list: FindingList,
): void {
  if (manifest === null || checksums === null || hashedManifest === null) return;
  const files = manifest.files.filter(({ path }) => path !== MANIFEST_FILE);
  const wanted = checksumsText([...files, { path: MANIFEST_FILE, sha256: hashedManifest.sha256 }]);
  if (wanted === checksums) return;
  const listed = checksumsOf(checksums);
  const own = listed?.get(MANIFEST_FILE);
  if (own !== undefined && own !== hashedManifest.sha256) {
    list.damage(
      "manifest",
      MANIFEST_FILE,
      `its SHA-256 is not the one in ${CHECKSUMS_FILE}: one of the two was changed`,
    );
    return;
  }
  let offset = 0;
  while (wanted[offset] === checksums[offset]) offset++;
  list.damage("manifest", CHECKSUMS_FILE, "is not what the manifest gives: one of the two was changed", { offset });
}

function checksumsOf(text: string): Map<string, string> | null {
  try {
    return new Map(parseChecksums(text).map(({ path, sha256 }) => [path, sha256]));
  } catch (error) {
    if (error instanceof PgstrataError) return null;
    throw new Error(messageOf(error), { cause: error });
  }
}

function checkModes(files: readonly FolderFile[], list: FindingList): void {
  const open = files.filter(({ mode }) => mode !== null && (mode & 0o077) !== 0);
  const first = open[0];
  if (first === undefined) return;
  const others = open.length > 1 ? `, and ${countText(open.length - 1)} more` : "";
  const mode = (first.mode ?? 0).toString(8).padStart(4, "0");
  list.warn("mode", first.path === "" ? "." : first.path, `others may use it (mode ${mode})${others}`);
}

function foldersAbove(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index).join("/"));
}
