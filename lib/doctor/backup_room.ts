import { sizeText } from "../base/mod.ts";
import type { BackupSummary } from "../catalog/mod.ts";
import { type Check, ok, problem, warning } from "./check.ts";
import { estimateSize } from "./size_estimate.ts";

/** What a backup that is about to begin is judged by. Bytes. */
export interface RoomFacts {
  /** Heap pages of the tables whose rows are read, without indexes and TOAST. */
  readonly heapBytes: number;
  readonly free: number;
  readonly shelf: string;
  readonly tiers: readonly ("full" | "schema" | "table")[];
  /** The last complete backup with the same choice of tables, if there is one. */
  readonly last: BackupSummary | null;
  /** Whether unchanged files take no room. */
  readonly dedup: boolean;
}

/** Least share of the heap that a backup takes: nine tenths of the pages may be dead rows, and archives compress well. */
const LEAST = { text: 0.1, archive: 0.02 } as const;

/** Least share of the last backup that the next one takes. */
const LEAST_OF_LAST = 0.5;

/**
 * Whether a backup can have room. `problem` only below what it takes at the very least: half of the last one, else a
 * tenth of the tables' pages where rows are written as text, a fiftieth where they are only compressed. Pure.
 */
export function judgeRoom(facts: RoomFacts): Check {
  const { heapBytes, free, shelf, tiers, last, dedup } = facts;
  const estimate = estimateSize(heapBytes, last);
  const lastBytes = last === null ? null : tiers.reduce((sum, tier) => sum + last.bytes[tier], 0);
  const least = dedup
    ? 0
    : lastBytes !== null
    ? lastBytes * LEAST_OF_LAST
    : heapBytes * (tiers.includes("table") ? LEAST.text : LEAST.archive);
  const room = `${sizeText(free)} are free for ${shelf}`;
  const fix = "pgstrata prune   # or --dir on another disk, or --tiers full";
  if (free < least) {
    const basis = lastBytes === null ? "the tables' size" : `${estimate.basis}, which took ${sizeText(lastBytes)}`;
    return problem("disk", `${room}; by ${basis}, a backup needs ${sizeText(Math.ceil(least))} at the very least`, fix);
  }
  const tight = tiers.length === 3 ? estimate.peak : lastBytes ?? heapBytes;
  return free < tight && !dedup
    ? warning("disk", `little room: ${room}, the backup may take ${sizeText(tight)}`, fix)
    : ok("disk", room);
}
