import type { Clock } from "../base/mod.ts";
import type { Target } from "../connection/mod.ts";
import type { CompareRequest, Comparison } from "./comparison.ts";
import type { RestorePlan } from "./plan.ts";

/** The granularities of a backup that rows can come from. */
export type Tier = "full" | "schema" | "table";

/** Everything that decides what one restore is. */
export interface RestoreOptions {
  /** The backup's folder. */
  readonly folder: string;
  /** The backup as people know it, where `folder` is only what it was decrypted to. */
  readonly backup?: string;
  readonly target: Target;
  /** Patterns as in `pg_dump`; both empty is the whole database. */
  readonly schemas: readonly string[];
  readonly tables: readonly string[];
  readonly content: "all" | "schema-only" | "data-only";
  /** Null: the first of full, schema, table that the backup has and that holds what is wanted. */
  readonly tier: Tier | null;
  /** Drop what is to be restored and exists (rows: empty the tables first). */
  readonly clean: boolean;
  /** Create the target's database; it must not exist. */
  readonly createDatabase: boolean;
  /** Put the chosen tables into this new schema instead of their own. */
  readonly intoSchema: string | null;
  /** Replace in one transaction in the target's database, instead of beside it. */
  readonly inPlace: boolean;
  /** Parallel jobs where the way allows it; null lets pgstrata choose. */
  readonly jobs: number | null;
  /** Null: owners where the role may and they exist. */
  readonly owners: boolean | null;
  readonly privileges: boolean;
  /** Create roles that are missing. */
  readonly roles: boolean;
  readonly compare: boolean;
  readonly safetyBackup: boolean;
  /** Go on with a backup that does not verify, without extensions that are missing, with differences. */
  readonly force: boolean;
  /** Milliseconds to wait for locks of others in place. */
  readonly lockTimeout: number;
  /** pg_cron's jobs of a Supabase target: inactive until somebody has looked at them. */
  readonly cron: "inactive" | "active";
}

/** What a restore tells while it runs. */
export type RestoreEvent =
  | { readonly type: "phase"; readonly phase: RestorePhase }
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "warning"; readonly message: string }
  /** How many objects will be loaded; 0 if it is not known. */
  | { readonly type: "planned"; readonly objects: number }
  /** An object that PostgreSQL's programs have begun with. */
  | { readonly type: "item"; readonly text: string };

/** Where a restore is. */
export type RestorePhase =
  | "connect"
  | "verify"
  | "plan"
  | "safety_backup"
  | "roles"
  | "load"
  | "finish"
  | "compare"
  | "swap";

/** What a restore needs from outside. */
export interface RestoreDeps {
  readonly clock: Clock;
  /** The environment with `.env` merged in. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RestoreEvent) => void;
  /** Checks the backup and reads these files of it; gives what is wrong with them, empty when nothing is. */
  readonly verify: (folder: string, files: readonly string[]) => Promise<readonly string[]>;
  /** Compares a database with the backup. */
  readonly compare: (request: CompareRequest) => Promise<Comparison>;
  /** Backs the target up as it is; gives the folder. */
  readonly safetyBackup: (target: Target) => Promise<string>;
  /** Shows what will happen to a database that is not empty; rejects when it must not. */
  readonly confirm: (plan: RestorePlan) => Promise<void>;
}
