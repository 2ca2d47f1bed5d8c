import type { ErrorDocument } from "../lib/base/mod.ts";
import type { PruneResult, Refusal, RetentionDecision, RetentionPolicy } from "../lib/catalog/mod.ts";
import type { PruneRun } from "./prune_run.ts";

/** What becomes of one folder, with what it is. */
export type DecisionDocument = RetentionDecision & {
  readonly environment: string | null;
  readonly label: string | null;
  readonly time: string;
  /** Bytes of its files. */
  readonly apparent: number;
};

/** What `prune --json` prints; `version` grows when a reader of the old form would misread it. Sizes in bytes. */
export interface PruneDocument {
  readonly version: 1;
  readonly command: "prune";
  readonly at: string;
  readonly shelf: string;
  /** False: only planned. */
  readonly applied: boolean;
  readonly policy: RetentionPolicy;
  readonly decisions: readonly DecisionDocument[];
  readonly refusals: readonly Refusal[];
  readonly freedBytes: number;
  readonly remainingBytes: number;
  readonly overCap: boolean;
  readonly removed: PruneResult["removed"];
  /** In use or changed since the plan was made: a later call may remove them. */
  readonly skipped: PruneResult["skipped"];
  readonly errors: readonly ErrorDocument[];
}

/** A plan, done or not, for programs. */
export function pruneDocument({ shelf, plan, policy, at, result }: PruneRun): Omit<PruneDocument, "errors"> {
  const entries = new Map(shelf.entries.map((entry) => [entry.path, entry]));
  const { decisions, ...rest } = plan;
  return {
    version: 1,
    command: "prune",
    at: at.toISOString(),
    shelf: shelf.folder,
    applied: result !== null,
    policy,
    decisions: decisions.map((decision) => {
      const entry = entries.get(decision.path);
      return {
        ...decision,
        environment: entry?.environment ?? null,
        label: entry?.label ?? null,
        time: (entry?.time ?? at).toISOString(),
        apparent: entry?.usage.apparent ?? 0,
      };
    }),
    ...rest,
    removed: result?.removed ?? [],
    skipped: result?.skipped ?? [],
  };
}
