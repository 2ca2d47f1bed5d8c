import { type ConnectionSlots, SESSION_POOLER_LIMIT } from "./connection_slots.ts";
import type { EndpointKind } from "./target.ts";

/** Connections left to others at least, where there are that many. */
const HEADROOM = 2;

/** Of the session pooler's 15, what all of ours together may take: the application needs the rest. */
const POOLER_SHARE = Math.floor(SESSION_POOLER_LIMIT * 2 / 3);

/** What limits the number of jobs. */
export interface JobLimits {
  /** `--max-connections`: most connections of ours at once. */
  readonly maxConnections?: number;
  readonly kind: EndpointKind;
  /** Connections of ours besides pg_dump's that are still to be opened. Those open already count as used in `slots`. */
  readonly extra: number;
}

/**
 * How many jobs `pg_dump --jobs` may have: it opens one connection more than jobs. At least 1; the warning says
 * what lowered it, or that even one job may have to wait for a free connection.
 */
export function chooseJobs(
  wanted: number,
  slots: ConnectionSlots,
  limits: JobLimits,
): { readonly jobs: number; readonly warning?: string } {
  const room: { readonly jobs: number; readonly because: string }[] = [{
    jobs: slots.free - HEADROOM - 1 - limits.extra,
    because: `the server has ${slots.free} free connections` +
      ` (${slots.used} of ${slots.maxConnections} used, ${slots.reserved} reserved)`,
  }];
  if (limits.maxConnections !== undefined) {
    room.push({
      jobs: limits.maxConnections - 1 - limits.extra - 1,
      because: `--max-connections is ${limits.maxConnections}`,
    });
  }
  if (limits.kind === "supabase_session_pooler") {
    room.push({
      jobs: POOLER_SHARE - 1 - limits.extra - 1,
      because: `Supabase's session pooler takes ${SESSION_POOLER_LIMIT} clients in all`,
    });
  }
  const least = room.reduce((a, b) => (b.jobs < a.jobs ? b : a));
  if (least.jobs >= wanted) return { jobs: wanted };
  const jobs = Math.max(1, least.jobs);
  if (jobs < wanted) return { jobs, warning: `--jobs lowered from ${wanted} to ${jobs}: ${least.because}` };
  const needed = 2 + limits.extra;
  if (least.jobs >= 1 || slots.free >= needed) return { jobs };
  return { jobs, warning: `The backup needs ${needed} more connections and may have to wait: ${least.because}` };
}
