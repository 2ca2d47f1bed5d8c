import { addPeriod, periodText, slotName, SLOTS } from "./period.ts";
import type { RetentionItem } from "./retention_item.ts";
import type { KeepRule } from "./retention_plan.ts";
import type { RetentionRule } from "./retention_policy.ts";

/** What a rule keeps of the items that follow it, newest first. */
export function keptByRule(
  items: readonly RetentionItem[],
  rule: RetentionRule,
  now: Date,
): Map<RetentionItem, KeepRule[]> {
  const kept = new Map(items.map((item): [RetentionItem, KeepRule[]] => [item, []]));
  const keep = (item: RetentionItem, by: KeepRule) => kept.get(item)?.push(by);
  // Only good ones use up a place: a row of incomplete backups never pushes out the last good ones.
  let good = 0;
  for (const item of items) {
    if (rule.forever === true) keep(item, { rule: "forever", text: "for ever" });
    if (rule.keepLast !== undefined && good < rule.keepLast) {
      keep(item, { rule: "last", text: `among the last ${rule.keepLast}` });
    }
    if (rule.keepFor !== undefined && addPeriod(item.time, rule.keepFor) > now) {
      keep(item, { rule: "age", text: `younger than ${periodText(rule.keepFor)}` });
    }
    if (item.state === "good") good++;
  }
  for (const slot of SLOTS) {
    const slots = Map.groupBy(items, (item) => slotName(slot, item.time));
    for (const [name, inSlot] of [...slots].slice(0, rule.slots?.[slot] ?? 0)) {
      const newest = inSlot.find((item) => item.state === "good") ?? inSlot[0];
      if (newest !== undefined) keep(newest, { rule: slot, text: `${slot} ${name}` });
    }
  }
  return kept;
}

/** Why a rule keeps a backup no more. */
export function expiryText(rule: RetentionRule): string {
  const parts: string[] = [];
  if (rule.keepLast !== undefined) parts.push(`not among the last ${rule.keepLast}`);
  if (rule.keepFor !== undefined) parts.push(`older than ${periodText(rule.keepFor)}`);
  const slots = SLOTS.filter((slot) => (rule.slots?.[slot] ?? 0) > 0);
  if (slots.length > 0) parts.push(`not the newest of a ${slots.join(", ")} slot`);
  return parts.length === 0 ? "its rule keeps nothing" : parts.join(", ");
}
