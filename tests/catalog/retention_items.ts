import { NO_MARKS } from "../../lib/catalog/backup_marks.ts";
import type { RetentionItem } from "../../lib/catalog/retention_item.ts";
import { compactTimestamp } from "../../lib/base/mod.ts";

/** A good, unlinked backup of prod without label, with what the test wants to be different. */
export function item(time: Date | string, facts: Partial<RetentionItem> = {}): RetentionItem {
  const at = typeof time === "string" ? new Date(time) : time;
  const environment = facts.environment === undefined ? "prod" : facts.environment;
  const label = facts.label ?? null;
  return {
    path: `${compactTimestamp(at)}_${environment}${label === null ? "" : `_${label}`}`,
    time: at,
    environment,
    label,
    state: "good",
    marks: NO_MARKS,
    published: false,
    paidUntil: null,
    tables: 2,
    dataBytes: 1000,
    usage: { apparent: 100, own: 100, links: [] },
    ...facts,
  };
}

/** Marks of a backup, without those not named. */
export function marks(facts: Partial<RetentionItem["marks"]>): RetentionItem["marks"] {
  return { ...NO_MARKS, ...facts };
}
