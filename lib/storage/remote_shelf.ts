import { eachInParallel, messageOf, PgstrataError } from "../base/mod.ts";
import { type BackupSummary, MANIFEST_FILE, parseFolderName, parseManifest, summarize } from "../catalog/mod.ts";
import { MANIFEST_NAMES } from "./backup_files.ts";
import { readObjectText } from "./read_object.ts";
import type { Store, StoredObject } from "./store.ts";

/** An object beside a backup that is being removed; it goes last. */
export const REMOVING_MARK = ".removing";

/** File with the public part of an encrypted backup. */
const PUBLIC_FILE = "manifest.public.json";

/** `<environment>/archive/<backup>` is the deepest a backup stands. */
const DEEPEST = 2;

interface RemoteBase {
  /** Below the store's place. */
  readonly path: string;
  /** By its summary, else its name, else when its newest object was stored; 1970 when nothing stands in it directly. */
  readonly time: Date;
  readonly environment: string | null;
  readonly label: string | null;
}

/** A whole backup in a store. */
export interface RemoteBackup extends RemoteBase {
  readonly kind: "backup";
  readonly method: "plain" | "age" | "gpg";
  /** Name of its manifest. */
  readonly manifest: string;
  /** Null when an encrypted one has no public part. */
  readonly summary: BackupSummary | null;
  /** When its manifest was stored: the end of its push. */
  readonly storedAt: Date;
  readonly storageClass: string | null;
}

/** Something that is no whole backup. */
export interface RemoteRest extends RemoteBase {
  /** `partial`: its push has not ended; `removing`: its removal has not; `unreadable`: its manifest is damaged. */
  readonly kind: "partial" | "removing" | "unreadable" | "foreign";
  /** Why it is unreadable. */
  readonly reason: string | null;
}

/** What stands in a store. */
export type RemoteEntry = RemoteBackup | RemoteRest;

/** How a store is listed. */
export interface ListRemoteOptions {
  readonly jobs: number;
  readonly signal?: AbortSignal;
  /** The summary in the text of an encrypted backup's public part; null when it cannot be understood. */
  readonly readPublic?: (text: string) => BackupSummary | null;
}

/**
 * All backups of a store, newest first. Reads the manifest, or the public part, of each: a listing alone tells
 * names only.
 */
export async function listRemote(store: Store, options: ListRemoteOptions): Promise<RemoteEntry[]> {
  const entries: RemoteEntry[] = [];
  let level = (await store.listFolder("")).folders;
  for (let depth = 0; depth <= DEEPEST && level.length > 0; depth++) {
    const below: string[] = [];
    await eachInParallel(level, options.jobs, options.signal, async (path) => {
      const { folders, objects } = await store.listFolder(path);
      const isBranch = objects.length === 0 && depth < DEEPEST && !isBackupName(path) &&
        folders.some((folder) => /(?:^|\/)(?:archive|latest)$/.test(folder) || isBackupName(folder));
      if (isBranch) below.push(...folders);
      else entries.push(await readEntry(store, path, objects, options));
    });
    level = below;
  }
  return entries.sort((one, other) => other.time.getTime() - one.time.getTime() || (one.path < other.path ? 1 : -1));
}

async function readEntry(
  store: Store,
  path: string,
  objects: readonly StoredObject[],
  options: ListRemoteOptions,
): Promise<RemoteEntry> {
  const byName = new Map(objects.map((object) => [object.key.slice(path.length + 1), object]));
  const parsed = parseFolderName(path.split("/").at(-1) ?? "");
  const newest = Math.max(0, ...objects.map(({ modified }) => modified.getTime()));
  const base: RemoteBase = {
    path,
    time: parsed?.time ?? new Date(newest),
    environment: parsed?.environment ?? null,
    label: parsed?.label ?? null,
  };
  if (byName.has(REMOVING_MARK)) return { ...base, kind: "removing", reason: null };
  const manifest = MANIFEST_NAMES.find((name) => byName.has(name));
  const object = byName.get(manifest ?? "");
  if (manifest === undefined || object === undefined) {
    return { ...base, kind: parsed === null ? "foreign" : "partial", reason: null };
  }
  const method = manifest === MANIFEST_FILE ? "plain" : manifest.endsWith(".age") ? "age" : "gpg";
  let summary: BackupSummary | null = null;
  try {
    if (method === "plain") summary = summarize(parseManifest(await readObjectText(store, object)));
    else {
      const open = byName.get(PUBLIC_FILE);
      if (open !== undefined) summary = options.readPublic?.(await readObjectText(store, open)) ?? null;
    }
  } catch (error) {
    if (!(error instanceof PgstrataError) || (error.code !== "not_good" && error.code !== "usage")) throw error;
    return { ...base, kind: "unreadable", reason: messageOf(error) };
  }
  const facts = summary === null
    ? {}
    : { time: new Date(summary.startedAt), environment: summary.environment, label: summary.label };
  const { modified: storedAt, storageClass } = object;
  return { ...base, ...facts, kind: "backup", method, manifest, summary, storedAt, storageClass };
}

function isBackupName(path: string): boolean {
  return parseFolderName(path.split("/").at(-1) ?? "") !== null;
}
