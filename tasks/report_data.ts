import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import {
  isSameEnvironment,
  type Manifest,
  MANIFEST_FILE,
  parseManifest,
  type SealedEntry,
  type Shelf,
} from "../lib/catalog/mod.ts";
import { diffSides, openBackupSide } from "../lib/diff/mod.ts";
import { type EnvironmentData, evenly, growthSample, MOST_SAMPLES, type ReportDifference } from "../lib/report/mod.ts";
import { archiveTools } from "./diff_sides.ts";
import { reportDifference } from "./report_difference.ts";

/** How an environment's backups are read for a report. */
export interface ReportReading {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly withDifference: boolean;
  /** Told what could not be read. */
  readonly warn: (text: string) => void;
}

/** Reads what a report needs of an environment: some manifests, evenly spread over time, and the newest two whole. */
export async function environmentData(shelf: Shelf, name: string, reading: ReportReading): Promise<EnvironmentData> {
  const sealed = shelf.entries.filter((entry): entry is SealedEntry =>
    entry.kind === "backup" && isSameEnvironment(entry.environment, name)
  );
  const shown = evenly(sealed.toReversed(), MOST_SAMPLES);
  const samples = [];
  const manifests = new Map<string, Manifest>();
  for (const entry of shown) {
    reading.signal.throwIfAborted();
    const manifest = await manifestOf(entry, reading);
    if (manifest === null) continue;
    samples.push(growthSample(entry.path, manifest));
    if (entry === sealed[0]) manifests.set(entry.path, manifest);
  }
  const [newest, before] = sealed;
  const manifest = newest === undefined ? undefined : manifests.get(newest.path);
  return {
    name,
    samples,
    newest: newest === undefined || manifest === undefined
      ? null
      : { path: newest.path, folder: newest.folder, manifest },
    difference: newest === undefined || before === undefined || manifest === undefined || !reading.withDifference
      ? null
      : await differenceOf(before, newest, manifest, reading),
  };
}

async function manifestOf(entry: SealedEntry, { warn }: ReportReading): Promise<Manifest | null> {
  try {
    return parseManifest(await Deno.readTextFile(join(entry.folder, MANIFEST_FILE)));
  } catch (error) {
    if (!(error instanceof PgstrataError) && !(error instanceof Deno.errors.NotFound)) throw error;
    warn(`${entry.path} is left out of the growth: ${error.message}`);
    return null;
  }
}

async function differenceOf(
  before: SealedEntry,
  newest: SealedEntry,
  manifest: Manifest,
  reading: ReportReading,
): Promise<ReportDifference | null> {
  const old = await manifestOf(before, reading);
  if (old === null) return null;
  const { env, signal } = reading;
  const open = async (entry: SealedEntry, own: Manifest) =>
    await openBackupSide(entry.folder, own, { name: entry.path, tools: await archiveTools(own, env), signal });
  try {
    await using one = await open(before, old);
    await using other = await open(newest, manifest);
    // By the manifests' hashes: reading the rows again is what `diff` is for.
    return reportDifference(await diffSides(one, other, { rows: "hash" }));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PgstrataError) && !(error instanceof Deno.errors.NotFound)) throw error;
    reading.warn(`the difference between ${before.path} and ${newest.path} is left out: ${error.message}`);
    return null;
  }
}
