import { dirname } from "@std/path";
import * as v from "valibot";
import { makeFolder, writeFileAtomic } from "../system/mod.ts";
import type { FolderUsage } from "./folder_usage.ts";
import { indexFile } from "./shelf_paths.ts";
import { type BackupSummary, summarySchema } from "./summary.ts";

/** Grows when the form of the index or the meaning of a summary changes: an old index is then built anew. */
const INDEX_VERSION = 1;

/** What is known of a backup without reading it again. */
export interface IndexedBackup {
  /** Of its manifest: inode, size, time of change. */
  readonly fingerprint: string;
  readonly summary: BackupSummary;
  readonly usage: FolderUsage;
}

const indexSchema = v.object({
  version: v.literal(INDEX_VERSION),
  backups: v.record(
    v.string(),
    v.object({
      fingerprint: v.string(),
      summary: summarySchema,
      usage: v.object({
        apparent: v.number(),
        own: v.number(),
        links: v.custom<FolderUsage["links"]>((links) => Array.isArray(links)),
      }),
    }),
  ),
});

/** Reads what an earlier look at the shelf found, by path; nothing when there is no usable index. */
export async function readIndex(shelf: string): Promise<Map<string, IndexedBackup>> {
  try {
    const index = v.parse(indexSchema, JSON.parse(await Deno.readTextFile(indexFile(shelf))));
    return new Map(Object.entries(index.backups));
  } catch {
    return new Map();
  }
}

/** Keeps what this look found. A shelf that cannot be written to goes without. */
export async function writeIndex(shelf: string, backups: ReadonlyMap<string, IndexedBackup>): Promise<void> {
  const text = JSON.stringify({ version: INDEX_VERSION, backups: Object.fromEntries(backups) });
  try {
    await makeFolder(dirname(indexFile(shelf)));
    await writeFileAtomic(indexFile(shelf), text);
  } catch {
    // The index saves time, nothing else: the next look reads the manifests again.
  }
}

/** What changes when a manifest is replaced; null when there is none. */
export function manifestFingerprint(path: string): string | null {
  try {
    const { ino, size, mtime } = Deno.statSync(path);
    return `${ino}:${size}:${mtime?.getTime()}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
