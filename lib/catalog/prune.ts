import { dirname, join } from "@std/path";
import { type Clock, isNoRoom, PgstrataError } from "../base/mod.ts";
import { FileLock, removeTree, syncFolder } from "../system/mod.ts";
import { marksOf } from "./backup_marks.ts";
import { takeBackup, takeLookedAt } from "./in_use.ts";
import { MANIFEST_FILE, parseManifest } from "./manifest.ts";
import { appendRecord, readRecords } from "./records.ts";
import type { RetentionPlan } from "./retention_plan.ts";
import type { Shelf } from "./shelf.ts";
import type { EncryptedEntry, SealedEntry, ShelfEntry } from "./shelf_entry.ts";
import { deletingPath, environmentLock, pruneLock } from "./shelf_paths.ts";
import { backupId } from "./summary.ts";

/** What a removal needs from outside. */
export interface PruneDeps {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Environments whose lock the caller holds already. */
  readonly lockedEnvironments?: ReadonlySet<string>;
  readonly onEvent?: (event: PruneEvent) => void;
}

/** What a removal tells while it runs. */
export type PruneEvent =
  | { readonly type: "removed"; readonly path: string }
  | { readonly type: "skipped"; readonly path: string; readonly reason: string };

/** What was done of a plan. */
export interface PruneResult {
  readonly removed: readonly string[];
  /** Not removed after all: in use, changed since the plan was made. A later call may remove it. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Does what a plan removes, the oldest first. Each folder is renamed first and deleted second: a removal that
 * is interrupted leaves whole backups, and folders ending in `.deleting` that the next call deletes.
 *
 * Backups that are read, and environments a backup of which is running, are passed over. A backup that was
 * replaced or marked to be kept since the plan was made stays.
 *
 * @param shelf the one the plan was made from
 * @throws {PgstrataError} code `refused` when somebody else removes backups from this shelf
 * @throws the signal's reason when cancelled, between two backups
 */
export async function carryOut(shelf: Shelf, plan: RetentionPlan, deps: PruneDeps): Promise<PruneResult> {
  const lock = await FileLock.take(pruneLock(shelf.folder), deps.clock.now()).catch(withoutRoom);
  if ("heldBy" in lock) {
    throw new PgstrataError("Cannot remove backups: another prune of this shelf is running", {
      code: "refused",
      context: lock.heldBy === null ? {} : { pid: lock.heldBy.pid, since: lock.heldBy.since },
      hint: "Wait until it has ended.",
    });
  }
  using _pruning = lock;
  using locks = new EnvironmentLocks(shelf.folder, deps);
  const reasons = new Map(
    plan.decisions.flatMap((decision) =>
      decision.action === "remove" ? [[decision.path, decision.reason] as const] : []
    ),
  );
  const removed: string[] = [];
  const skipped: { path: string; reason: string }[] = [];
  for (const entry of shelf.entries.toReversed()) {
    const reason = reasons.get(entry.path);
    if (reason === undefined) continue;
    deps.signal?.throwIfAborted();
    const obstacle = await removeEntry(shelf, entry, reason, locks, deps.clock);
    if (obstacle === null) {
      removed.push(entry.path);
      deps.onEvent?.({ type: "removed", path: entry.path });
    } else {
      skipped.push({ path: entry.path, reason: obstacle });
      deps.onEvent?.({ type: "skipped", path: entry.path, reason: obstacle });
    }
  }
  return { removed, skipped };
}

/** Removes one folder; else why it stays. */
async function removeEntry(
  shelf: Shelf,
  entry: ShelfEntry,
  reason: string,
  locks: EnvironmentLocks,
  clock: Clock,
): Promise<string | null> {
  if (entry.kind === "deleting") {
    await deleteFolder(entry.folder);
    return null;
  }
  if ((entry.kind !== "backup" && entry.kind !== "encrypted") || entry.summary === null) {
    return "it is no sealed backup";
  }
  if (!(await locks.take(entry.summary.environment))) return `a backup of ${entry.summary.environment} is running`;
  using taken = await takeBackup(shelf.folder, entry.summary.id).catch(withoutRoom);
  if (taken === null) return "it is being read";
  const { keep } = marksOf(await readRecords(shelf.folder, entry.summary.id));
  if (keep !== null && (keep.until === null || new Date(keep.until) > clock.now())) return "it was marked to be kept";
  if (!(await isStillThere(entry))) return "it changed since the plan was made";
  const { id } = entry.summary;
  const note = () => appendRecord(shelf.folder, id, { kind: "removed", at: clock.now().toISOString(), reason });
  const noted = await unlessNoRoom(note);
  const deleting = deletingPath(entry.folder);
  await removeTree(deleting);
  await Deno.rename(entry.folder, deleting);
  await syncFolder(dirname(deleting));
  await deleteFolder(deleting);
  if (!noted) await unlessNoRoom(note); // There should be room now.
  return null;
}

/** Whether something could be written; false on a full disk. */
async function unlessNoRoom(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isNoRoom(error) || (error instanceof PgstrataError && error.code === "no_room")) return false;
    throw error;
  }
}

/** A lock that a full disk has no room for: whoever else wants it has none, either. Removals are what makes room. */
function withoutRoom(error: unknown): Disposable {
  if (!isNoRoom(error)) throw error;
  return { [Symbol.dispose]: () => {} };
}

async function deleteFolder(folder: string): Promise<void> {
  await removeTree(folder);
  await syncFolder(dirname(folder));
}

async function isStillThere(entry: SealedEntry | EncryptedEntry): Promise<boolean> {
  try {
    if (entry.kind === "encrypted") {
      return (await Deno.lstat(join(entry.folder, `${MANIFEST_FILE}.${entry.method}`))).isFile;
    }
    const manifest = parseManifest(await Deno.readTextFile(join(entry.folder, MANIFEST_FILE)));
    return backupId(manifest) === entry.summary.id;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof PgstrataError) return false;
    throw error;
  }
}

/** Locks of environments, taken when first needed and held to the end. */
class EnvironmentLocks implements Disposable {
  readonly #held = new Map<string, Disposable | null>();

  constructor(private readonly shelf: string, private readonly deps: PruneDeps) {}

  /** Whether no backup of the environment is running now, nor can begin. */
  async take(environment: string): Promise<boolean> {
    if (this.deps.lockedEnvironments?.has(environment)) return true;
    let lock = this.#held.get(environment);
    if (lock === undefined) {
      const taken = await takeLookedAt(environmentLock(this.shelf, environment), this.deps.clock.now())
        .catch(withoutRoom);
      lock = "heldBy" in taken ? null : taken;
      this.#held.set(environment, lock);
    }
    return lock !== null;
  }

  [Symbol.dispose](): void {
    for (const lock of this.#held.values()) lock?.[Symbol.dispose]();
  }
}
