import { type FolderUsage, freedBytes, totalUsage } from "./folder_usage.ts";
import { addPeriod } from "./period.ts";
import { applyCap } from "./retention_cap.ts";
import type { RetentionHistory, RetentionItem } from "./retention_item.ts";
import type { KeepRule, RetentionDecision, RetentionPlan } from "./retention_plan.ts";
import { type RetentionPolicy, type RetentionRule, ruleMatches } from "./retention_policy.ts";
import { protections } from "./retention_protection.ts";
import { isOurs, openFailures, type Refusal, refusalOf } from "./retention_refusal.ts";
import { expiryText, keptByRule } from "./retention_rule.ts";

/**
 * What becomes of every folder of a shelf by a policy. Nothing is touched.
 *
 * @param history items in any order; see `retentionHistory()`
 */
export function planRetention(history: RetentionHistory, policy: RetentionPolicy, now: Date): RetentionPlan {
  const items = history.items.toSorted((a, b) => b.time.getTime() - a.time.getTime() || (a.path < b.path ? 1 : -1));
  const refusals: Refusal[] = [];
  const decided = new Map<string, RetentionDecision>();
  const ruleOf = (item: RetentionItem): RetentionRule | undefined =>
    policy.rules.find((rule) => ruleMatches(rule, item.environment ?? "", item.label));
  for (const environment of new Set(items.filter(isOurs).map((item) => item.environment))) {
    const own = items.filter((item) => isOurs(item) && item.environment === environment);
    const refusal = refusalOf(environment, own, history, policy);
    if (refusal !== null) refusals.push(refusal);
    const failures = openFailures(history, environment);
    const kept = protections(own, failures, now);
    for (const rule of policy.rules) {
      const group = own.filter((item) => ruleOf(item) === rule);
      for (const [item, rules] of keptByRule(group, rule, now)) kept.get(item.path)?.push(...rules);
    }
    for (const item of own) {
      const rule = ruleOf(item);
      const rules = kept.get(item.path) ?? [];
      if (rule === undefined) rules.push({ rule: "no_rule", text: "no rule is for it" });
      if (refusal !== null) rules.push({ rule: "refused", text: `nothing of ${environment} is removed` });
      decided.set(item.path, decide(item, rules, rule, now));
    }
  }
  for (const item of items) if (!isOurs(item)) decided.set(item.path, notOurs(item));
  const overCap = applyCap(items, decided, policy.maxBytes, (item) => (ruleOf(item)?.then ?? "delete") === "delete");
  const usages = (gone: boolean): FolderUsage[] =>
    items.filter((item) => (decided.get(item.path)?.action === "remove") === gone).map((item) => item.usage);
  return {
    decisions: history.items.flatMap((item) => decided.get(item.path) ?? []),
    refusals,
    freedBytes: freedBytes(usages(true), usages(false)),
    remainingBytes: totalUsage(usages(false)).real,
    overCap,
  };
}

function decide(
  item: RetentionItem,
  rules: readonly KeepRule[],
  rule: RetentionRule | undefined,
  now: Date,
): RetentionDecision {
  const { path } = item;
  if (rules.length > 0 || rule === undefined) {
    const looked = item.marks.keep === null ? item.time : new Date(item.marks.keep.at);
    const reviewDue = rule?.reviewEvery !== undefined && addPeriod(looked, rule.reviewEvery) <= now;
    return { action: "keep", path, rules, reviewDue };
  }
  const reason = expiryText(rule);
  if (rule.then === "review") return { action: "review", path, reason };
  if (rule.then !== "cold") return { action: "remove", path, reason };
  const stored = item.marks.stored[0];
  if (stored === undefined) return { action: "cold", path, reason };
  return { action: "remove", path, reason: `${reason}; it is in cold storage: ${stored}` };
}

function notOurs({ path, state }: RetentionItem): RetentionDecision {
  const keep = (rule: string, text: string): RetentionDecision => ({
    action: "keep",
    path,
    rules: [{ rule, text }],
    reviewDue: false,
  });
  switch (state) {
    case "deleting":
      return { action: "remove", path, reason: "its removal was interrupted" };
    case "running":
      return keep("running", "it is being written");
    case "leftover":
      return keep("unfinished", "its run ended before it was sealed");
    case "unreadable":
      return keep("unreadable", "its manifest cannot be read");
    case "foreign":
    case "good":
    case "incomplete":
    case "damaged":
      return keep("foreign", "not recognised as ours");
    default:
      return state satisfies never;
  }
}
