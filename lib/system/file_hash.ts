import { createHash } from "node:crypto";

/** Read size: large reads keep hashing at the speed of the CPU (measured: 64 KiB halves it). */
const BLOCK = 1024 * 1024;

/** Whether a file is there and holds just this content. A file of another length is not read. */
export async function holdsContent(
  path: string,
  content: { readonly sha256: string; readonly bytes: number },
): Promise<boolean> {
  try {
    return (await Deno.lstat(path)).size === content.bytes && (await hashFile(path)).sha256 === content.sha256;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** SHA-256 (hex) and length in bytes of a file. Memory is one block. */
export async function hashFile(path: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(BLOCK);
  let bytes = 0;
  using file = await Deno.open(path);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    hash.update(buffer.subarray(0, read));
    bytes += read;
  }
  return { sha256: hash.digest("hex"), bytes };
}
