import { dirname, join } from "@std/path";
import * as v from "valibot";
import { noRoomError } from "../base/mod.ts";
import { FILE_MODE } from "../system/mod.ts";
import { makeFolderDurable } from "./claim_folder.ts";
import { failedRunsFile, recordsFile, recordsFolder } from "./shelf_paths.ts";

const time = v.pipe(v.string(), v.isoTimestamp());

const recordSchema = v.variant("kind", [
  /** Read back and compared with its manifest; `how` says how far. */
  v.object({ kind: v.literal("verified"), at: time, good: v.boolean(), how: v.string() }),
  /** Restored; `coverage` is the share of objects that came back, 0 to 1. */
  v.object({
    kind: v.literal("drilled"),
    at: time,
    good: v.boolean(),
    coverage: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    how: v.string(),
  }),
  /** Not to be removed, for ever or until a time. */
  v.object({ kind: v.literal("keep"), at: time, reason: v.string(), until: v.nullable(time) }),
  /** The keep mark is taken back. */
  v.object({ kind: v.literal("released"), at: time }),
  /** A whole copy is in cold storage. */
  v.object({ kind: v.literal("stored"), at: time, destination: v.string() }),
  /** That copy is gone. */
  v.object({ kind: v.literal("withdrawn"), at: time, destination: v.string() }),
  /** Retention removed the folder. */
  v.object({ kind: v.literal("removed"), at: time, reason: v.string() }),
]);

/** Something that happened to a backup after it was sealed. Times are ISO. */
export type BackupRecord = v.InferOutput<typeof recordSchema>;

const failedRunSchema = v.object({ environment: v.string(), startedAt: time, at: time, reason: v.string() });

/** A run that ended without a backup. Times are ISO. */
export type FailedRun = v.InferOutput<typeof failedRunSchema>;

/**
 * Notes what happened to a backup, in the shelf and outside the backup's folder, durably.
 * Several processes may do so at the same time.
 *
 * @param id see {@linkcode backupId}
 * @throws {Error} what the system says; a record half written is ignored by readers
 */
export async function appendRecord(shelf: string, id: string, record: BackupRecord): Promise<void> {
  await appendLine(recordsFile(shelf, id), v.parse(recordSchema, record));
}

/** Notes that a run failed, so that retention does not act as if there had been none. */
export async function appendFailedRun(shelf: string, run: FailedRun): Promise<void> {
  await appendLine(failedRunsFile(shelf), v.parse(failedRunSchema, run));
}

/** What happened to one backup, oldest first. */
export async function readRecords(shelf: string, id: string): Promise<BackupRecord[]> {
  return await readLines(recordsFile(shelf, id), recordSchema);
}

/** Runs that failed, oldest first. */
export async function readFailedRuns(shelf: string): Promise<FailedRun[]> {
  return await readLines(failedRunsFile(shelf), failedRunSchema);
}

/** Records of all backups, by id. */
export async function readAllRecords(shelf: string): Promise<Map<string, BackupRecord[]>> {
  const records = new Map<string, BackupRecord[]>();
  try {
    for await (const { name } of Deno.readDir(recordsFolder(shelf))) {
      if (!name.endsWith(".jsonl")) continue;
      records.set(name.slice(0, -".jsonl".length), await readLines(join(recordsFolder(shelf), name), recordSchema));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return records;
}

/**
 * One write of one line to the end: a whole record or, after a crash, one that does not parse. The line
 * break comes first, so that such a rest never spoils the record after it.
 */
async function appendLine(path: string, record: unknown): Promise<void> {
  await makeFolderDurable(dirname(path));
  using file = await Deno.open(path, { append: true, create: true, mode: FILE_MODE });
  const line = new TextEncoder().encode(`\n${JSON.stringify(record)}`);
  const written = await file.write(line);
  if (written !== line.length) throw noRoomError("Cannot note a record: no space left on the device");
  await file.sync();
}

async function readLines<S extends v.GenericSchema>(path: string, schema: S): Promise<v.InferOutput<S>[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").flatMap((line) => {
    try {
      // A newer pgstrata may write kinds that are unknown here: they are passed over, like halves of lines.
      const result = v.safeParse(schema, JSON.parse(line));
      return result.success ? [result.output] : [];
    } catch {
      return [];
    }
  });
}
