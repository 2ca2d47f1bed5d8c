import { type Clock, eachInParallel, PgstrataError } from "../base/mod.ts";
import {
  addPeriod,
  appendRecord,
  type BackupMarks,
  NO_MARKS,
  planRetention,
  type PruneEvent,
  type PruneResult,
  type RetentionDecision,
  type RetentionHistory,
  type RetentionItem,
  type RetentionPlan,
  type RetentionPolicy,
} from "../catalog/mod.ts";
import { minimumDaysOf } from "./destination.ts";
import { markRemoving } from "./push.ts";
import { type RemoteBackup, type RemoteEntry, REMOVING_MARK } from "./remote_shelf.ts";
import type { Store } from "./store.ts";

/** What besides its objects decides about a store. */
export interface RemoteRules {
  /** Days that what is stored is paid for in any case, of the destination; null: by each backup's storage class. */
  readonly minimumDays: number | null;
  /**
   * Of the shelf's records by backup id: what is marked there is kept here, what was found damaged there does not
   * protect.
   */
  readonly marks?: ReadonlyMap<string, BackupMarks>;
}

/** A store as retention sees it. */
export function remoteHistory(entries: readonly RemoteEntry[], rules: RemoteRules): RetentionHistory {
  return { items: entries.map((entry) => remoteItem(entry, rules)), failedStarts: [] };
}

/**
 * What becomes of the backups of a store by a policy. What is paid for until a later day in any case stays until then.
 */
export function planRemoteRetention(
  entries: readonly RemoteEntry[],
  policy: RetentionPolicy,
  now: Date,
  rules: RemoteRules,
): RetentionPlan {
  const plan = planRetention(remoteHistory(entries, rules), policy, now);
  return { ...plan, decisions: plan.decisions.map(inColdStorage) };
}

/** What waits for cold storage on a shelf has arrived here: nothing more becomes of it. */
function inColdStorage(decision: RetentionDecision): RetentionDecision {
  if (decision.action !== "cold") return decision;
  const { path, reason } = decision;
  return {
    action: "keep",
    path,
    rules: [{ rule: "cold", text: `${reason}; this is its cold storage` }],
    reviewDue: false,
  };
}

/** What a removal from a store needs from outside. */
export interface RemotePruneDeps {
  readonly clock: Clock;
  readonly jobs: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: PruneEvent) => void;
  /** The shelf whose records note that a copy is gone, and the destination's address in them. */
  readonly records?: { readonly shelf: string; readonly destination: string };
}

/**
 * Does what a plan removes from a store, the oldest first. A mark is put first and the manifest goes next, so that
 * from then on nobody takes it for a backup; the mark goes last, so that a call that was interrupted is finished by
 * the next one. What an object lock keeps is passed over: that is no error.
 *
 * @throws what the store says; the signal's reason when cancelled, between two backups
 */
export async function carryOutRemote(
  store: Store,
  entries: readonly RemoteEntry[],
  plan: RetentionPlan,
  deps: RemotePruneDeps,
): Promise<PruneResult> {
  const going = new Set(plan.decisions.filter(({ action }) => action === "remove").map(({ path }) => path));
  const removed: string[] = [];
  const skipped: { path: string; reason: string }[] = [];
  for (const entry of entries.toReversed()) {
    if (!going.has(entry.path)) continue;
    deps.signal?.throwIfAborted();
    const reason = await removeRemote(store, entry, deps);
    if (reason === null) {
      removed.push(entry.path);
      deps.onEvent?.({ type: "removed", path: entry.path });
    } else {
      skipped.push({ path: entry.path, reason });
      deps.onEvent?.({ type: "skipped", path: entry.path, reason });
    }
  }
  return { removed, skipped };
}

/** Removes one backup; else why it stays. */
async function removeRemote(store: Store, entry: RemoteEntry, deps: RemotePruneDeps): Promise<string | null> {
  if (entry.kind !== "backup" && entry.kind !== "removing") return "it is no whole backup";
  if (entry.kind === "backup") {
    const manifest = await store.head(`${entry.path}/${entry.manifest}`);
    if (manifest === null) return "it changed since the plan was made";
    const { locked } = manifest;
    if (locked === "held") return "a legal hold of the storage keeps it";
    if (locked !== null && locked > deps.clock.now()) return `the storage keeps it until ${locked.toISOString()}`;
    if (manifest.modified > entry.storedAt) return "it changed since the plan was made";
    const mark = () => markRemoving(store, entry.path);
    const marked = await unlessFull(mark);
    const obstacle = await unlessLocked(() => store.remove(`${entry.path}/${entry.manifest}`));
    if (obstacle !== null) {
      if (marked) await unlessLocked(() => store.remove(`${entry.path}/${REMOVING_MARK}`));
      return obstacle;
    }
    if (!marked) await unlessFull(mark);
    await noteWithdrawal(entry, deps);
  }
  let left: string | null = null;
  const keys: string[] = [];
  for await (const { key } of store.list(`${entry.path}/`)) keys.push(key);
  const mark = `${entry.path}/${REMOVING_MARK}`;
  await eachInParallel(keys.filter((key) => key !== mark), deps.jobs, deps.signal, async (key) => {
    left = await unlessLocked(() => store.remove(key)) ?? left;
  });
  // With the mark in place the rest goes when its lock has run out.
  if (left !== null) return left;
  return await unlessLocked(() => store.remove(mark));
}

/** Whether a place had room for something: a full one is not to keep its own removals from making room. */
async function unlessFull(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof PgstrataError && error.code === "no_room") return false;
    throw error;
  }
}

async function unlessLocked(remove: () => Promise<void>): Promise<string | null> {
  try {
    await remove();
    return null;
  } catch (error) {
    if (error instanceof PgstrataError && error.code === "refused") return error.message;
    throw error;
  }
}

async function noteWithdrawal(entry: RemoteBackup, { records, clock }: RemotePruneDeps): Promise<void> {
  if (records === undefined || entry.summary === null) return;
  const at = clock.now().toISOString();
  await appendRecord(records.shelf, entry.summary.id, { kind: "withdrawn", at, destination: records.destination });
}

function remoteItem(entry: RemoteEntry, { minimumDays, marks: allMarks }: RemoteRules): RetentionItem {
  const { path, time, environment, label } = entry;
  const bare = { path, time, environment, label, published: false, paidUntil: null, tables: null, dataBytes: null };
  const nothing = { ...bare, marks: NO_MARKS, usage: { apparent: 0, own: 0, links: [] } };
  switch (entry.kind) {
    case "backup": {
      const { summary } = entry;
      if (summary === null) return { ...nothing, state: "unreadable" };
      const { full, schema, table, root } = summary.bytes;
      const bytes = full + schema + table + root;
      const marks = allMarks?.get(summary.id) ?? NO_MARKS;
      const count = minimumDays ?? minimumDaysOf(entry.storageClass);
      return {
        ...bare,
        state: marks.damaged !== null ? "damaged" : summary.status === "complete" ? "good" : "incomplete",
        // A copy in cold storage is what a local one waits for before it goes; here it would protect itself.
        marks: { ...marks, stored: [] },
        paidUntil: count === null ? null : addPeriod(entry.storedAt, { unit: "days", count }),
        tables: summary.tables,
        dataBytes: summary.dataBytes,
        usage: { apparent: bytes, own: bytes, links: [] },
      };
    }
    case "removing":
      return { ...nothing, state: "deleting" };
    case "partial":
      // Its push may be running, on another machine: nobody here can tell.
      return { ...nothing, state: "running" };
    case "unreadable":
    case "foreign":
      return { ...nothing, state: entry.kind };
    default:
      return entry satisfies never;
  }
}
