import { createHash } from "node:crypto";
import { archiveTimeSpan } from "../archive/mod.ts";

/** Read size: large reads keep hashing at the speed of the CPU. */
const BLOCK = 1024 * 1024;

/**
 * Whether two archives differ in nothing but the time in their headers: the newer one, given the time of the older
 * one, has the older one's hash.
 *
 * @param olderSha256 of the older file, checked by the caller
 * @throws {ArchiveError} when one of them is no archive
 */
export async function isSameArchive(older: string, newer: string, olderSha256: string): Promise<boolean> {
  const buffer = new Uint8Array(BLOCK);
  const time = await readTime(older, buffer);
  const hash = createHash("sha256");
  using file = await Deno.open(newer);
  let first = true;
  for (let filled = await fill(file, buffer); filled > 0; filled = await fill(file, buffer)) {
    const piece = buffer.subarray(0, filled);
    if (first) {
      const { start, end } = archiveTimeSpan(piece);
      if (end - start !== time.length) return false;
      piece.set(time, start);
      first = false;
    }
    hash.update(piece);
  }
  return hash.digest("hex") === olderSha256;
}

async function readTime(path: string, buffer: Uint8Array): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const head = buffer.subarray(0, await fill(file, buffer));
  const { start, end } = archiveTimeSpan(head);
  return head.slice(start, end);
}

/** Fills the buffer; less only at the end of the file. */
async function fill(file: Deno.FsFile, buffer: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const read = await file.read(buffer.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return filled;
}
