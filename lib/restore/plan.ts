import type { Tier } from "./options.ts";

/**
 * How a restore goes about it:
 * `direct` loads in parallel into an empty database; `swap` loads beside the living one and renames both;
 * `in_place` changes the living one in one transaction; `beside` puts tables into a schema of their own.
 */
export type Way = "direct" | "swap" | "in_place" | "beside";

/** Something that exists and will be dropped or emptied. */
export interface Overwritten {
  /** `schema app`, `table app.orders`, … */
  readonly object: string;
  /** Rows that go with it; null where it holds none. */
  readonly rows: number | null;
  /** Whether `rows` is the planner's estimate: the table is too large to be counted. */
  readonly estimated: boolean;
}

/** What a restore is about to do, for the person who has to agree. */
export interface RestorePlan {
  /** Masked. */
  readonly target: string;
  /** What has to be typed. */
  readonly database: string;
  readonly environment: string;
  readonly backup: string;
  readonly way: Way;
  readonly tier: Tier;
  /** What will be dropped, emptied, or (`swap`) set aside with the old database. */
  readonly overwritten: readonly Overwritten[];
  /** What of the backup will not be restored. */
  readonly leftOut: readonly LeftOut[];
  readonly safetyBackup: boolean;
  /** What the target's database takes on the server's disk: so much is read for the safety backup. 0 where nobody may ask. */
  readonly databaseBytes: number;
  readonly preflight: readonly PreflightCheck[];
}

/** Something that was looked at before anything was changed. */
export interface PreflightCheck {
  /** `disk`, `extensions`, `role passwords`; for Supabase `webhooks`, `publications`, `vault root key` … */
  readonly check: string;
  /** `unknown`: it cannot be seen from here; the text says where to look. */
  readonly state: "ok" | "attention" | "unknown";
  readonly text: string;
}

/** Something of the backup that is not restored, and why. */
export interface LeftOut {
  readonly dumpId: number;
  readonly kind: string;
  readonly object: string;
  readonly reason: string;
}
