import type { Period, Slot } from "./period.ts";

/**
 * How long some backups are kept. A backup follows the first rule of the policy that matches its environment
 * and label, and is counted among those of its environment that follow the same rule. It is kept as long as
 * any part of the rule keeps it.
 */
export interface RetentionRule {
  /** Environments it is for; `*` stands for any text. Default: all. */
  readonly environment?: string;
  /** Labels it is for; `*` stands for any text. Default: all, and backups without label. */
  readonly label?: string;
  /** Keep this many of the newest. */
  readonly keepLast?: number;
  /** Keep what is younger. */
  readonly keepFor?: Period;
  /** Grandfather-father-son: keep the newest of each of the last so many hours, days, weeks, months, years with backups. */
  readonly slots?: Readonly<Partial<Record<Slot, number>>>;
  /** Keep all. */
  readonly forever?: boolean;
  /** What becomes of a backup nothing keeps any more. Default `delete`. */
  readonly then?: "delete" | "review" | "cold";
  /** Say that kept backups are due for review when they, or their keep mark, get this old. */
  readonly reviewEvery?: Period;
}

/** How long backups are kept. */
export interface RetentionPolicy {
  readonly rules: readonly RetentionRule[];
  /** Bytes the shelf may take on disk; the oldest backups that only rules with `delete` keep go first. Null: no limit. */
  readonly maxBytes: number | null;
  /** The newest backup must hold at least this share of the data of the one before, 0 to 1. */
  readonly smallestShare: number;
}

/** Share of the data of the backup before, below which something must have gone wrong. */
export const SMALLEST_SHARE = 0.5;

/** The runbook's rule: the last five of an environment, the last two made before upgrades. */
export const DEFAULT_POLICY: RetentionPolicy = {
  rules: [{ label: "pre-upgrade*", keepLast: 2 }, { keepLast: 5 }],
  maxBytes: null,
  smallestShare: SMALLEST_SHARE,
};

/** The table of kinds of backups, by label; what has none of these labels follows the runbook's rule. */
export const KINDS_POLICY: RetentionPolicy = {
  rules: [
    { label: "pre-migration*", keepFor: { unit: "months", count: 6 }, then: "review" },
    { label: "daily*", keepFor: { unit: "days", count: 7 } },
    { label: "weekly*", keepFor: { unit: "days", count: 28 } },
    { label: "monthly*", keepFor: { unit: "months", count: 12 }, then: "cold" },
    { label: "critical*", forever: true, reviewEvery: { unit: "months", count: 12 } },
    ...DEFAULT_POLICY.rules,
  ],
  maxBytes: null,
  smallestShare: SMALLEST_SHARE,
};

/** Whether a rule is for backups of an environment with a label. */
export function ruleMatches(rule: RetentionRule, environment: string, label: string | null): boolean {
  if (rule.environment !== undefined && !globMatches(rule.environment, environment)) return false;
  return rule.label === undefined || (label !== null && globMatches(rule.label, label));
}

function globMatches(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}
