import { isSameEnvironment } from "./environment_name.ts";
import { freedBytes, totalUsage } from "./folder_usage.ts";
import type { RetentionHistory, RetentionItem } from "./retention_item.ts";
import type { RetentionPlan } from "./retention_plan.ts";

/**
 * The part of a plan that concerns some environments; everything else stays as it is. Removals that were interrupted
 * are finished wherever their folder's name tells no environment.
 *
 * @param plan made from the whole of `history`: a size cap is one of the whole shelf
 * @param maxBytes the policy's cap, to say anew whether it is exceeded
 */
export function planWithin(
  plan: RetentionPlan,
  history: RetentionHistory,
  environments: readonly string[],
  maxBytes: number | null,
): RetentionPlan {
  const isMeant = (name: string) => environments.some((environment) => isSameEnvironment(environment, name));
  const items = new Map(history.items.map((item) => [item.path, item]));
  const isWithin = (item: RetentionItem | undefined) =>
    item !== undefined && (item.environment === null ? item.state === "deleting" : isMeant(item.environment));
  const decisions = plan.decisions.filter((decision) => isWithin(items.get(decision.path)));
  const gone = new Set(decisions.flatMap(({ action, path }) => action === "remove" ? [path] : []));
  const removed = history.items.filter(({ path }) => gone.has(path)).map(({ usage }) => usage);
  const kept = history.items.filter(({ path }) => !gone.has(path)).map(({ usage }) => usage);
  const remainingBytes = totalUsage(kept).real;
  return {
    decisions,
    refusals: plan.refusals.filter(({ environment }) => isMeant(environment)),
    freedBytes: freedBytes(removed, kept),
    remainingBytes,
    overCap: maxBytes !== null && remainingBytes > maxBytes,
  };
}
