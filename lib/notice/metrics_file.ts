import { basename, dirname, join } from "@std/path";
import { retry } from "../base/mod.ts";
import { FileLock, syncFolder, writeFileSynced } from "../system/mod.ts";
import { METRIC_FAMILIES, updateMetrics } from "./metrics.ts";
import { type MetricSample, metricsText, parseMetrics } from "./metric_text.ts";
import { NoticeError } from "./notice_error.ts";
import type { RunOutcome } from "./run_outcome.ts";

/** Readable for everybody: node_exporter runs as another user, and the figures are no secret. */
const METRICS_MODE = 0o644;

/**
 * Writes how a run ended into a file for the textfile collector of Prometheus's node_exporter: whole or not at all,
 * so that a scrape never sees half of it. Several environments, and several runs at once, share one file.
 *
 * @param path should end in `.prom`, or the collector passes it over
 * @throws {NoticeError} when another program wrote that file; what the system says when it cannot be written
 */
export async function writeMetricsFile(path: string, outcome: RunOutcome, now: Date): Promise<void> {
  using _lock = await lock(path, now);
  const samples = updateMetrics(await readMetricsFile(path), outcome);
  // Neither name ends in `.prom`: the collector must not read them.
  const partial = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.partial`);
  try {
    await writeFileSynced(partial, metricsText(METRIC_FAMILIES, samples));
    await Deno.chmod(partial, METRICS_MODE);
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

async function readMetricsFile(path: string): Promise<MetricSample[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const samples = text === "" ? [] : parseMetrics(text);
  if (samples === null) {
    throw new NoticeError(`Cannot write the metrics: ${path} was written by another program`, false);
  }
  return samples;
}

/** One writer at a time: each reads what the others wrote. */
async function lock(path: string, now: Date): Promise<FileLock> {
  // The lock would make the folder, for ourselves alone: the collector could not read it.
  await Deno.stat(dirname(path)).catch((cause) => {
    throw new NoticeError(`Cannot write the metrics: there is no folder ${dirname(path)}`, false, cause);
  });
  return await retry(
    async () => {
      const taken = await FileLock.take(join(dirname(path), `.${basename(path)}.lock`), now);
      if (taken instanceof FileLock) return taken;
      throw new NoticeError(`Cannot write the metrics: another run holds ${path}`, true);
    },
    { attempts: 8, firstWait: 50, longestWait: 1_000 },
    (error) => error instanceof NoticeError && error.transient,
  );
}
