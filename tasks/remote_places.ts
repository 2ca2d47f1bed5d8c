import { join } from "@std/path";
import { type PgstrataError, toPgstrataError } from "../lib/base/mod.ts";
import type { BackupSummary } from "../lib/catalog/mod.ts";
import { parsePublicPart } from "../lib/crypt/mod.ts";
import type { RemoteRow } from "../lib/report/mod.ts";
import {
  chooseDestinations,
  DEFAULT_JOBS,
  type Destination,
  listRemote,
  openStore,
  type RemoteEntry,
  type Store,
} from "../lib/storage/mod.ts";
import type { Console } from "./console.ts";
import { publicSummary } from "./read_backups.ts";
import type { ShelfSetting } from "./shelf_setting.ts";

/** A place for copies with what it holds. */
export interface RemotePlace {
  readonly destination: Destination;
  readonly store: Store;
  readonly entries: readonly RemoteEntry[];
}

/** A place at which something failed. */
export interface FailedPlace {
  readonly destination: Destination;
  readonly error: PgstrataError;
}

/**
 * Opens and lists the places that are meant, each in turn, and closes them again. One that fails does not keep the
 * others from their turn.
 *
 * @param wanted names or URLs; none means all that are configured
 * @returns the places that failed
 * @throws {PgstrataError} code `usage` when a word means no place; the signal's reason when cancelled
 */
export async function atEachPlace(
  wanted: readonly string[],
  { config, env }: ShelfSetting,
  signal: AbortSignal,
  work: (place: RemotePlace) => Promise<void>,
): Promise<FailedPlace[]> {
  const failed: FailedPlace[] = [];
  for (const destination of chooseDestinations(config.storage, wanted, env)) {
    signal.throwIfAborted();
    try {
      await using store = await openStore(destination, { env, signal });
      const entries = await listRemote(store, { jobs: DEFAULT_JOBS, signal, readPublic });
      await work({ destination, store, entries });
    } catch (thrown) {
      signal.throwIfAborted();
      failed.push({ destination, error: toPgstrataError(thrown) });
    }
  }
  return failed;
}

/** Says what failed where; the documents of it for `--json`. */
export function tellFailures(failed: readonly FailedPlace[], console: Console): unknown[] {
  return failed.map(({ destination, error }) => {
    console.error(error);
    return { storage: destination.name, ...console.errorDocument(error) };
  });
}

/** What is shown of an entry. */
export function remoteRow(entry: RemoteEntry): RemoteRow {
  const { path, time, environment, label, kind } = entry;
  const base = { path, time, environment, label, kind };
  return entry.kind === "backup"
    ? {
      ...base,
      encrypted: entry.method === "plain" ? null : entry.method,
      summary: entry.summary,
      storedAt: entry.storedAt,
      storageClass: entry.storageClass,
    }
    : { ...base, encrypted: null, summary: null, storedAt: null, storageClass: null };
}

/** Whether a folder is a shelf with records of ours. */
export async function hasRecords(folder: string): Promise<boolean> {
  try {
    return (await Deno.stat(join(folder, ".pgstrata"))).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function readPublic(text: string): BackupSummary | null {
  return publicSummary(parsePublicPart(text).summary);
}
