import type { Clock } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import type { Target } from "../connection/mod.ts";
import type { Comparison } from "./comparison.ts";

/** Granularities that a drill restores from. */
export type DrillTier = "full" | "schema" | "table";

/** How a backup is drilled. */
export interface DrillOptions {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Each is drilled by itself, in a database of its own. */
  readonly tiers: readonly DrillTier[];
  /** An empty database to restore into, instead of a disposable server; one tier only. It stays as it is then. */
  readonly target: Target | null;
  /** Parallel restore jobs; null lets pgstrata choose. */
  readonly jobs: number | null;
}

/** What a drill tells while it runs. */
export type DrillEvent =
  | { readonly type: "phase"; readonly phase: "server" | "restore" | "compare"; readonly tier: DrillTier | null }
  | { readonly type: "notice"; readonly message: string }
  /** Objects that `pg_restore` has begun with so far, of all of the tier. */
  | { readonly type: "restored"; readonly objects: number; readonly total: number }
  /** COPY bytes read for the comparison so far. */
  | { readonly type: "compared"; readonly bytes: number };

/** What a drill needs from outside. */
export interface DrillDeps {
  readonly clock: Clock;
  /** The environment with `.env` merged in. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onEvent: (event: DrillEvent) => void;
  /** Told where a restored database can be reached; it is compared when this has resolved. */
  readonly onRestored?: (target: Target, tier: DrillTier) => Promise<void>;
}

/** An object that was left out, or that could not be restored. */
export interface DrillNote {
  readonly object: string;
  readonly message: string;
}

/** What came of one tier. */
export interface TierDrill {
  readonly tier: DrillTier;
  /** `partial`: all that could be restored here is equal. */
  readonly state: "good" | "partial" | "different";
  /** Objects that were restored, of all that the backup holds; 0 to 1. */
  readonly coverage: number;
  readonly comparison: Comparison;
  /** What PostgreSQL said while restoring. */
  readonly errors: readonly DrillNote[];
  /** What cannot be on this machine. */
  readonly leftOut: readonly DrillNote[];
  /** Milliseconds. */
  readonly durations: { readonly restore: number; readonly compare: number };
}

/** What came of a drill. */
export interface DrillReport {
  readonly state: TierDrill["state"];
  /** The smallest of the tiers. */
  readonly coverage: number;
  readonly server: { readonly version: string; readonly disposable: boolean };
  /** Another version than the source's, roles that could not be made, … */
  readonly warnings: readonly string[];
  readonly tiers: readonly TierDrill[];
  /** Milliseconds in all. */
  readonly duration: number;
}
