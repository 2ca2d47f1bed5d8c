import type { Refusal } from "./retention_refusal.ts";

/** Something that keeps a backup. */
export interface KeepRule {
  /** Stable name, for programs: `last`, `age`, `daily`, …, `newest`, `verified`, `drilled`, `marked`, `refused`, … */
  readonly rule: string;
  /** For people. */
  readonly text: string;
}

/** What becomes of one folder of the shelf. */
export type RetentionDecision =
  | {
    readonly action: "keep";
    readonly path: string;
    /** All that keeps it, at least one. */
    readonly rules: readonly KeepRule[];
    /** Somebody should look whether it is still needed. */
    readonly reviewDue: boolean;
  }
  /** Goes. One reason. */
  | { readonly action: "remove"; readonly path: string; readonly reason: string }
  /** Stays until a person marks it to be kept or removes it. */
  | { readonly action: "review"; readonly path: string; readonly reason: string }
  /** Stays until a whole copy is in cold storage. */
  | { readonly action: "cold"; readonly path: string; readonly reason: string };

/** What becomes of a shelf. */
export interface RetentionPlan {
  /** One for each item, in the items' order. */
  readonly decisions: readonly RetentionDecision[];
  /** Environments of which nothing is removed. A task that meets any ends with exit code 7. */
  readonly refusals: readonly Refusal[];
  /** Bytes that come free on disk. */
  readonly freedBytes: number;
  /** Bytes the shelf takes afterwards. */
  readonly remainingBytes: number;
  /** Whether that is more than the policy allows: what is left is protected. */
  readonly overCap: boolean;
}
