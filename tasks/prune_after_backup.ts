import { counted, EXIT_CODES, type PgstrataError, sizeText, systemClock, toPgstrataError } from "../lib/base/mod.ts";
import type { RetentionPolicy } from "../lib/catalog/mod.ts";
import type { TaskContext } from "./command.ts";
import { type PruneDocument, pruneDocument } from "./prune_document.ts";
import { applyPrune, planPrune, refusalError } from "./prune_run.ts";
import { readBackups } from "./read_backups.ts";
import { tellPrune } from "./tell_prune.ts";

/** What `backup --prune` needs besides the context. */
export interface PruneAfterBackup {
  readonly shelf: string;
  readonly policy: RetentionPolicy;
  /** Those of which a backup was just sealed. */
  readonly environments: readonly string[];
  readonly signal: AbortSignal;
}

/** How it went. */
export interface PrunedAfterBackup {
  /** Exit code of this part alone. */
  readonly code: number;
  /** Null when the shelf could not be read. */
  readonly document: PruneDocument | null;
}

/**
 * Removes what the rules let go of the environments that were just backed up. Nothing that happens here makes the
 * backups less good: errors are said and become the exit code.
 */
export async function pruneAfterBackup(
  { shelf: folder, policy, environments, signal }: PruneAfterBackup,
  { console }: TaskContext,
): Promise<PrunedAfterBackup> {
  const fail = (error: PgstrataError) => console.error(error);
  try {
    const shelf = await readBackups(folder, "ignore");
    const planned = planPrune(shelf, policy, environments, systemClock.now());
    const refusals = planned.plan.refusals.map(refusalError);
    refusals.forEach(fail);
    const deps = { clock: systemClock, signal };
    const pruned = await applyPrune(planned, { ...deps, onEvent: (event) => tellPrune(event, console) });
    const removed = pruned.result?.removed.length ?? 0;
    if (removed > 0) {
      const { freedBytes, remainingBytes } = pruned.plan;
      const free = pruned.result?.skipped.length === 0 ? `, ${sizeText(freedBytes)} freed` : "";
      console.say(`${counted(removed, "old folder")} removed${free}, ${sizeText(remainingBytes)} remain on the shelf`);
    }
    return {
      code: refusals.length > 0 ? EXIT_CODES.refused : EXIT_CODES.done,
      document: { ...pruneDocument(pruned), errors: refusals.map((error) => console.errorDocument(error)) },
    };
  } catch (thrown) {
    const error = toPgstrataError(thrown);
    fail(error);
    return { code: error.exit, document: null };
  }
}
