import { PgstrataError } from "../lib/base/mod.ts";
import {
  carryOut,
  planRetention,
  planWithin,
  type PruneEvent,
  type PruneResult,
  type Refusal,
  retentionHistory,
  type RetentionPlan,
  type RetentionPolicy,
  type Shelf,
} from "../lib/catalog/mod.ts";
import type { ShelfDeps } from "./shelf_setting.ts";

/** A plan, made and perhaps done. */
export interface PruneRun {
  readonly shelf: Shelf;
  readonly plan: RetentionPlan;
  readonly policy: RetentionPolicy;
  readonly at: Date;
  /** Null: only planned. */
  readonly result: PruneResult | null;
}

/** What a policy makes of a shelf, or of some of its environments. Nothing is touched. */
export function planPrune(
  shelf: Shelf,
  policy: RetentionPolicy,
  environments: readonly string[] | null,
  at: Date,
): PruneRun {
  const history = retentionHistory(shelf);
  const whole = planRetention(history, policy, at);
  const plan = environments === null ? whole : planWithin(whole, history, environments, policy.maxBytes);
  return { shelf, plan, policy, at, result: null };
}

/** Does what a plan says; see `carryOut()`. */
export async function applyPrune(
  run: PruneRun,
  deps: ShelfDeps & { readonly signal: AbortSignal; readonly onEvent: (event: PruneEvent) => void },
): Promise<PruneRun> {
  return { ...run, result: await carryOut(run.shelf, run.plan, deps) };
}

/** Why nothing of an environment is removed, as the error that ends with exit code 7. */
export function refusalError({ environment, cause, reason }: Refusal): PgstrataError {
  return new PgstrataError(`Cannot prune ${environment}: ${reason}`, {
    code: "refused",
    hint: HINTS[cause].replace("ENV", environment),
  });
}

const HINTS: Readonly<Record<Refusal["cause"], string>> = {
  failed: "Make a good backup first: `pgstrata backup ENV`.",
  incomplete: "The manifest says what is missing (`pgstrata show latest:ENV`). A complete backup lifts this.",
  damaged: "A new backup that is good lifts this; do not throw away the older ones before.",
  unreadable: "Look what became of that folder, move it off the shelf, or make a new backup.",
  empty: "Is it the right database? A backup that holds data lifts this.",
  shrunken: "If that is right, mark what you want to keep and set retention.smallestShare in pgstrata.json lower.",
};
