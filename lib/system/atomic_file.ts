import { dirname } from "@std/path";
import { partialFile } from "./partial_file.ts";

/** Mode of every file we write. */
export const FILE_MODE = 0o600;

/** Mode of every folder we make. */
export const FOLDER_MODE = 0o700;

/**
 * Publishes a file whole or not at all: write beside it, sync, rename, sync the folder.
 * Replaces what stood there.
 *
 * @throws {Error} what the system says; nothing is left behind and the old file is as it was.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const partial = partialFile(path);
  try {
    await writeFileSynced(partial, content);
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Writes a new file (mode 0600) and syncs it; an existing one is an error. */
export async function writeFileSynced(path: string, content: string | Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: FILE_MODE });
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  await file.sync();
}

/** Makes a folder (mode 0700) and those above it. */
export async function makeFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: FOLDER_MODE });
}

/** Makes the names in a folder durable. Windows has no such call: nothing happens there. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}

/** Makes a file's content durable. */
export async function syncFile(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: Deno.build.os === "windows" });
  await file.sync();
}
