import { CHUNK_SIZE } from "../archive/mod.ts";
import { HashedOutput } from "./hashed_output.ts";
import type { FrameJob, FrameResult } from "./split_protocol.ts";

/** Writes an archive: its head, then each block file's bytes. Blocks: it runs in a worker. */
export function frameArchive(job: FrameJob, onProgress: (bytes: number) => void): FrameResult {
  const begun = performance.now();
  const buffer = new Uint8Array(CHUNK_SIZE);
  using output = new HashedOutput(job.path);
  output.write(job.head);
  for (const path of job.blockPaths) {
    using block = Deno.openSync(path);
    for (let read = block.readSync(buffer); read !== null; read = block.readSync(buffer)) {
      output.write(buffer.subarray(0, read));
    }
    onProgress(output.bytes);
  }
  return { bytes: output.bytes, sha256: output.digest(), duration: performance.now() - begun };
}
