import { type RetentionPolicy, type RetentionRule, SLOTS } from "../lib/catalog/mod.ts";
import type { Invocation } from "./command.ts";
import type { PRUNE_OPTIONS } from "./commands/prune.ts";

/**
 * The policy of a `prune` command line. What its flags say replaces what the general rules keep (those without a
 * label, and not for ever); whom such a rule is for and what becomes of what it keeps no more stays. Rules for labels
 * stay as they are: nobody who says `--keep-last 3` means the critical ones.
 */
export function prunePolicy(
  configured: RetentionPolicy,
  options: Invocation<typeof PRUNE_OPTIONS>["options"],
): RetentionPolicy {
  const maxBytes = options["max-size"] ?? configured.maxBytes;
  const given = givenRule(options);
  if (given === null) return { ...configured, maxBytes };
  const rules = configured.rules.map((rule) => isGeneral(rule) ? { ...aimOf(rule), ...given } : rule);
  const isCovered = rules.some((rule) => rule.label === undefined && rule.environment === undefined);
  return { ...configured, maxBytes, rules: isCovered ? rules : [...rules, given] };
}

function isGeneral({ label, forever }: RetentionRule): boolean {
  return label === undefined && forever !== true;
}

/** Whom a rule is for, and what becomes of what it keeps no more. */
function aimOf({ environment, then, reviewEvery }: RetentionRule): RetentionRule {
  return {
    ...environment === undefined ? {} : { environment },
    ...then === undefined ? {} : { then },
    ...reviewEvery === undefined ? {} : { reviewEvery },
  };
}

/** What the flags keep; null when there are none. */
function givenRule(options: Invocation<typeof PRUNE_OPTIONS>["options"]): RetentionRule | null {
  const slots = Object.fromEntries(
    SLOTS.flatMap((slot) => options[slot] === undefined ? [] : [[slot, options[slot]]]),
  );
  const rule: RetentionRule = {
    ...options["keep-last"] === undefined ? {} : { keepLast: options["keep-last"] },
    ...options.days === undefined ? {} : { keepFor: { unit: "days", count: options.days } },
    ...Object.keys(slots).length === 0 ? {} : { slots },
  };
  return Object.keys(rule).length === 0 ? null : rule;
}
