import { sizeText } from "../base/mod.ts";
import { SLOTS } from "./period.ts";
import type { RetentionItem } from "./retention_item.ts";
import type { RetentionDecision } from "./retention_plan.ts";

/** Rules that give way when the shelf is larger than it may be. */
const YIELDING: ReadonlySet<string> = new Set(["last", "age", ...SLOTS]);

/**
 * Removes the oldest backups that only yielding rules keep, until the shelf is small enough.
 *
 * @param items newest first
 * @param decided by path; changed in place
 * @param mayGo whether a backup's rule lets it go without review or cold storage
 * @returns whether the shelf is still too large
 */
export function applyCap(
  items: readonly RetentionItem[],
  decided: Map<string, RetentionDecision>,
  maxBytes: number | null,
  mayGo: (item: RetentionItem) => boolean,
): boolean {
  if (maxBytes === null) return false;
  const names = new Map<string, number>();
  let remaining = 0;
  for (const { path, usage } of items) {
    if (decided.get(path)?.action === "remove") continue;
    remaining += usage.own;
    for (const [key, bytes] of usage.links) {
      if (!names.has(key)) remaining += bytes;
      names.set(key, (names.get(key) ?? 0) + 1);
    }
  }
  for (const item of items.toReversed()) {
    const { path, usage } = item;
    if (remaining <= maxBytes) return false;
    const decision = decided.get(path);
    if (decision?.action !== "keep" || !mayGo(item) || !decision.rules.every(({ rule }) => YIELDING.has(rule))) {
      continue;
    }
    decided.set(path, { action: "remove", path, reason: `the shelf may take ${sizeText(maxBytes)}` });
    remaining -= usage.own;
    for (const [key, bytes] of usage.links) {
      const left = (names.get(key) ?? 1) - 1;
      names.set(key, left);
      if (left === 0) remaining -= bytes;
    }
  }
  return remaining > maxBytes;
}
