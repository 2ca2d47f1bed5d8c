import { createHash } from "node:crypto";
import {
  BLOCK_END,
  blockCompressor,
  CHUNK_SIZE,
  chunkHead,
  largeObjectBlockStart,
  largeObjectStart,
  readLargeObjectList,
} from "../archive/mod.ts";
import { join } from "@std/path";
import { FILE_MODE } from "../system/mod.ts";
import { writeAll } from "./hashed_output.ts";
import type { SplitLargeObjectsJob, SplitLargeObjectsResult } from "./split_protocol.ts";

/**
 * One pass over the large objects of a TOC entry: hashes each, compresses each into the framed block of the entry.
 * The raw files are removed. Blocks: it runs in a worker.
 */
export function splitLargeObjects(
  job: SplitLargeObjectsJob,
  onProgress: (bytes: number) => void,
): SplitLargeObjectsResult {
  const objects: { oid: number; bytes: number; sha256: string }[] = [];
  const buffer = new Uint8Array(CHUNK_SIZE);
  let blockBytes = 0;
  let total = 0;
  using block = job.blockPath === null
    ? null
    : Deno.openSync(job.blockPath, { write: true, createNew: true, mode: FILE_MODE });
  const put = (bytes: Uint8Array) => {
    if (block !== null) writeAll(block, bytes);
    blockBytes += bytes.length;
  };
  const chunk = (bytes: Uint8Array) => {
    if (bytes.length === 0) return;
    put(chunkHead(bytes.length));
    put(bytes);
  };
  put(largeObjectBlockStart(job.dumpId));
  const listPath = join(job.folder, job.listFile);
  for (const { oid, fileName } of readLargeObjectList(Deno.readTextFileSync(listPath))) {
    const path = join(job.folder, fileName);
    const hash = createHash("sha256");
    const compressor = blockCompressor(job.compression);
    let bytes = 0;
    put(largeObjectStart(oid));
    {
      using file = Deno.openSync(path);
      for (let read = file.readSync(buffer); read !== null; read = file.readSync(buffer)) {
        const piece = buffer.subarray(0, read);
        hash.update(piece);
        if (block !== null) chunk(compressor.compress(piece));
        bytes += read;
      }
    }
    if (block !== null) chunk(compressor.end());
    put(BLOCK_END);
    Deno.removeSync(path);
    objects.push({ oid, bytes, sha256: hash.digest("hex") });
    total += bytes;
    onProgress(total);
  }
  put(BLOCK_END);
  Deno.removeSync(listPath);
  return { blockBytes: block === null ? 0 : blockBytes, objects };
}
