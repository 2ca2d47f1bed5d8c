/** Where the time comes from, so that libraries never read it by themselves. */
export interface Clock {
  /** The time now. */
  now(): Date;
  /** Milliseconds that only grow, for durations. */
  monotonic(): number;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
};

/** `YYYYMMDD_HHMMSS` in UTC: the time in names of the runbook layout. */
export function compactTimestamp(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "_");
}

/** `YYYY-MM-DDTHH-MM-SSZ` in UTC: the time in names of the ci layout. */
export function isoTimestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
}
