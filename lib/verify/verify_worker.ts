/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A worker of the pool: reads and hashes off the event loop, one job at a time. */
import { messageOf } from "../base/mod.ts";
import { runVerifyJob, type VerifyJob, type VerifyMessage } from "./verify_job.ts";

/** Bytes between two messages of progress. */
const PROGRESS_STEP = 16 * 1024 * 1024;

/** Ended from outside, by ending the worker. */
const never = new AbortController().signal;

self.onmessage = async (event: MessageEvent<VerifyJob>) => {
  let untold = 0;
  const onProgress = (bytes: number) => {
    untold += bytes;
    if (untold < PROGRESS_STEP) return;
    answer({ type: "progress", bytes: untold });
    untold = 0;
  };
  try {
    const result = await runVerifyJob(event.data, never, onProgress);
    if (untold > 0) answer({ type: "progress", bytes: untold });
    answer({ type: "done", result });
  } catch (error) {
    answer({ type: "failed", message: messageOf(error) });
  }
};

function answer(message: VerifyMessage): void {
  self.postMessage(message);
}
