/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A worker of the pool: compresses, hashes and frames off the event loop, one job at a time. */
import { isNoRoom, messageOf } from "../base/mod.ts";
import { frameArchive } from "./frame_archive.ts";
import { splitLargeObjects } from "./split_large_objects.ts";
import type { Job, JobResults, WorkerMessage } from "./split_protocol.ts";
import { splitTable } from "./split_table.ts";

/** Bytes between two messages of progress. */
const PROGRESS_STEP = 8 * 1024 * 1024;

self.onmessage = (event: MessageEvent<Job>) => {
  let told = 0;
  const onProgress = (bytes: number) => {
    if (bytes - told < PROGRESS_STEP) return;
    told = bytes;
    answer({ type: "progress", bytes });
  };
  try {
    answer({ type: "done", result: run(event.data, onProgress) });
  } catch (error) {
    answer({ type: "failed", message: messageOf(error), noRoom: isNoRoom(error) });
  }
};

function run(job: Job, onProgress: (bytes: number) => void): JobResults[Job["type"]] {
  switch (job.type) {
    case "split_table":
      return splitTable(job, onProgress);
    case "split_large_objects":
      return splitLargeObjects(job, onProgress);
    case "frame":
      return frameArchive(job, onProgress);
  }
}

function answer(message: WorkerMessage): void {
  self.postMessage(message);
}
