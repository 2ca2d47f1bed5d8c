import { PgstrataError } from "../base/mod.ts";
import type { Comparison } from "./comparison.ts";
import type { Tier } from "./options.ts";
import type { LeftOut, Overwritten, PreflightCheck, Way } from "./plan.ts";
import type { RolesOutcome } from "./restore_roles.ts";

/** The state of a target that a restore has not touched. */
export const UNTOUCHED = "nothing was changed";

/** A step of a restore that was taken to its end. */
export interface RestoreStep {
  /** ISO time. */
  readonly at: string;
  readonly done: string;
}

/** What a restore did, or had done when it ended. */
export interface RestoreReport {
  readonly version: 1;
  readonly backup: string;
  /** Masked. */
  readonly target: string;
  readonly environment: string;
  readonly database: string;
  /** Null before it was settled. */
  readonly way: Way | null;
  readonly tier: Tier | null;
  /** `done`; `differs`: restored, and the comparison found differences; `failed`. */
  readonly status: "done" | "differs" | "failed";
  /** ISO times. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Milliseconds by phase. */
  readonly durations: Readonly<Record<string, number>>;
  readonly steps: readonly RestoreStep[];
  /** What was not done any more, after a failure. */
  readonly notDone: readonly string[];
  /** In what state the target is, in one sentence. */
  readonly targetState: string;
  /** What was looked at before anything was changed; empty when it did not come to that. */
  readonly preflight: readonly PreflightCheck[];
  readonly overwritten: readonly Overwritten[];
  readonly entries: number;
  readonly roles: RolesOutcome | null;
  readonly leftOut: readonly LeftOut[];
  readonly notGranted: readonly string[];
  readonly ownersNotSet: readonly { readonly owner: string; readonly objects: number }[];
  /** Access that is wider than in the backup. */
  readonly widened: readonly string[];
  readonly comparison: Comparison | null;
  readonly safetyBackup: string | null;
  /** The database as it was before a swap. */
  readonly previousDatabase: string | null;
  /** The command that goes back; null where nothing was changed or nothing to go back to was kept. */
  readonly undo: string | null;
  readonly warnings: readonly string[];
  /** Things a person still has to do. */
  readonly todo: readonly string[];
}

/** A restore that did not come to its end, with what it had done. */
export class RestoreError extends PgstrataError {
  constructor(error: PgstrataError, readonly report: RestoreReport) {
    super(error.message, {
      code: error.code,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      context: { ...error.context, target: report.targetState },
      cause: error.cause,
    });
    if (error.stack !== undefined) this.stack = error.stack;
  }
}
