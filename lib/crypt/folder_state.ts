import { dirname, join } from "@std/path";
import { isPartialFile, syncFolder } from "../system/mod.ts";
import { encryptedName, type EncryptionMethod, keyFile, PUBLIC_FILE } from "./method.ts";

/** Names that the catalog gives; this room stands below it. */
export const MANIFEST = "manifest.json";
/** See {@linkcode MANIFEST}. */
export const SUMS = "SHA256SUMS";

/** The checksums that come into force with the manifest of their kind. */
export const NEXT_SUMS = { plain: ".SHA256SUMS.plain", encrypted: ".SHA256SUMS.encrypted" } as const;

/** What a backup's folder is: the manifest decides, whatever else an interrupted run left there. */
export type FolderState = "plain" | EncryptionMethod | "none";

/** What a backup's folder is. */
export async function folderState(folder: string): Promise<FolderState> {
  const has = async (name: string) => await Deno.lstat(join(folder, name)).then((info) => info.isFile, () => false);
  if (await has(MANIFEST)) return "plain";
  if (await has(encryptedName(MANIFEST, "age"))) return "age";
  return await has(encryptedName(MANIFEST, "gpg")) ? "gpg" : "none";
}

/**
 * Finishes what an interrupted run left in a backup's folder, towards what it is by its manifest: files that were
 * not finished go, and each file of which there is a twin of the other kind.
 */
export async function settleFolder(folder: string, state: Exclude<FolderState, "none">): Promise<void> {
  const [coming, dropped] = state === "plain"
    ? [NEXT_SUMS.plain, NEXT_SUMS.encrypted]
    : [NEXT_SUMS.encrypted, NEXT_SUMS.plain];
  await ignoreMissing(Deno.rename(join(folder, coming), join(folder, SUMS)));
  await ignoreMissing(Deno.remove(join(folder, dropped)));
  const files = filesBelow(folder);
  const present = new Set(files);
  const own = new Set<string>([PUBLIC_FILE, keyFile("age"), keyFile("gpg")]);
  const touched = new Set<string>([folder]);
  for (const path of files) {
    const isStale = state === "plain"
      ? own.has(path) || /\.(?:age|gpg)$/.test(path) && present.has(path.slice(0, -4))
      : path !== SUMS && present.has(encryptedName(path, state));
    if (!isStale && !isPartialFile(path.split("/").at(-1) ?? "")) continue;
    await ignoreMissing(Deno.remove(join(folder, path)));
    touched.add(dirname(join(folder, path)));
  }
  for (const path of touched) await syncFolder(path);
}

/** All files below a folder, `/` between the parts, sorted. Links are not followed. */
export function filesBelow(folder: string): string[] {
  const files: string[] = [];
  const folders = [""];
  for (let above = folders.pop(); above !== undefined; above = folders.pop()) {
    for (const entry of Deno.readDirSync(join(folder, above))) {
      const path = above === "" ? entry.name : `${above}/${entry.name}`;
      if (entry.isDirectory) folders.push(path);
      else if (entry.isFile) files.push(path);
    }
  }
  return files.sort();
}

async function ignoreMissing(action: Promise<void>): Promise<void> {
  try {
    await action;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
