import { compactTimestamp } from "../base/mod.ts";
import type { KeepRule } from "./retention_plan.ts";
import type { RetentionItem } from "./retention_item.ts";

/**
 * What keeps backups of an environment whatever the policy says, by path.
 *
 * @param items the environment's own backups, newest first
 * @param failures starts of runs that failed since the newest good backup
 */
export function protections(
  items: readonly RetentionItem[],
  failures: readonly Date[],
  now: Date,
): Map<string, KeepRule[]> {
  const kept = new Map(items.map(({ path }): [string, KeepRule[]] => [path, []]));
  const protect = (item: RetentionItem | undefined, rule: string, text: string) =>
    item === undefined ? undefined : kept.get(item.path)?.push({ rule, text });
  protect(items.find((item) => item.state === "good"), "newest", "the newest complete one");
  protect(items.find((item) => item.marks.verified !== null), "verified", "the newest verified one");
  protect(items.find((item) => item.marks.drilled !== null), "drilled", "the newest drilled one");
  const failure = failures.toSorted((a, b) => a.getTime() - b.getTime())[0];
  for (const item of items) {
    const { keep } = item.marks;
    if (keep !== null && (keep.until === null || new Date(keep.until) > now)) {
      protect(item, "marked", `marked to be kept: ${keep.reason}`);
    }
    if (item.published) protect(item, "published", "shown as the latest");
    if (item.paidUntil !== null && item.paidUntil > now) {
      const until = item.paidUntil.toISOString().slice(0, 10);
      protect(item, "minimum_days", `its storage class is paid for until ${until}`);
    }
    if (item.time > now) protect(item, "future", "from the future: a clock is wrong");
    if (failure !== undefined && item.time >= failure) {
      protect(item, "after_failure", `newer than the failed run of ${compactTimestamp(failure)}`);
    }
  }
  return kept;
}
