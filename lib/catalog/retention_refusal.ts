import { compactTimestamp, sizeText } from "../base/mod.ts";
import { isSameEnvironment } from "./environment_name.ts";
import type { RetentionHistory, RetentionItem } from "./retention_item.ts";
import type { RetentionPolicy } from "./retention_policy.ts";

/** Why nothing of an environment is removed. */
export interface Refusal {
  readonly environment: string;
  readonly cause: "failed" | "incomplete" | "damaged" | "unreadable" | "empty" | "shrunken";
  /** For people: what is wrong with the newest. */
  readonly reason: string;
}

/** What is sealed, has a manifest and can be judged. */
export function isOurs(item: RetentionItem): item is RetentionItem & { readonly environment: string } {
  return item.environment !== null && ["good", "incomplete", "damaged"].includes(item.state);
}

/** Starts of runs that failed since the newest good backup of an environment. */
export function openFailures(history: RetentionHistory, environment: string): Date[] {
  const newestGood = Math.max(
    -Infinity,
    ...history.items.filter((item) => item.environment === environment && item.state === "good")
      .map((item) => item.time.getTime()),
  );
  return history.failedStarts.filter((run) => isSameEnvironment(run.environment, environment))
    .map((run) => run.startedAt).filter((start) => start.getTime() >= newestGood);
}

/**
 * Why nothing of an environment may be removed: its newest backup is not what a newest backup should be.
 *
 * @param items the environment's own backups, newest first
 */
export function refusalOf(
  environment: string,
  items: readonly RetentionItem[],
  history: RetentionHistory,
  policy: RetentionPolicy,
): Refusal | null {
  const refuse = (cause: Refusal["cause"], reason: string): Refusal => ({ environment, cause, reason });
  const failure = openFailures(history, environment)[0];
  if (failure !== undefined) return refuse("failed", `the run of ${compactTimestamp(failure)} failed`);
  const newest = items[0];
  if (newest === undefined) return null;
  const unreadable = history.items.find((item) =>
    item.state === "unreadable" && item.time >= newest.time &&
    (item.environment === null || isSameEnvironment(item.environment, environment))
  );
  if (unreadable !== undefined) return refuse("unreadable", `${unreadable.path} cannot be read`);
  if (newest.state === "incomplete") return refuse("incomplete", `the newest, ${newest.path}, is incomplete`);
  if (newest.state === "damaged") return refuse("damaged", `the newest, ${newest.path}, is damaged`);
  const before = items.find((item) => item !== newest && item.state === "good");
  if (newest.tables === 0) return refuse("empty", `the newest, ${newest.path}, holds no tables`);
  const bytes = newest.dataBytes;
  if (bytes === null || before === undefined || before.dataBytes === null || before.dataBytes === 0) return null;
  if (bytes === 0) return refuse("empty", `the newest, ${newest.path}, holds no data`);
  if (bytes >= policy.smallestShare * before.dataBytes) return null;
  return refuse(
    "shrunken",
    `the newest, ${newest.path}, holds ${sizeText(bytes)} of data, the one before ${sizeText(before.dataBytes)}`,
  );
}
