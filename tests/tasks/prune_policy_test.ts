import { assertEquals } from "@std/assert";
import type { RetentionPolicy, RetentionRule } from "../../lib/catalog/mod.ts";
import { DEFAULT_POLICY } from "../../lib/catalog/retention_policy.ts";
import type { Invocation } from "../../tasks/command.ts";
import { PRUNE_OPTIONS } from "../../tasks/commands/prune.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { prunePolicy } from "../../tasks/prune_policy.ts";

function policy(line: string, configured: RetentionPolicy = DEFAULT_POLICY): RetentionPolicy {
  const words = line.split(" ").filter((word) => word !== "");
  return prunePolicy(configured, (parseOptions(words, PRUNE_OPTIONS) as Invocation<typeof PRUNE_OPTIONS>).options);
}

const PRE_UPGRADE = { label: "pre-upgrade*", keepLast: 2 };

const FLAGS: readonly (readonly [string, RetentionRule])[] = [
  ["--keep-last 3", { keepLast: 3 }],
  ["--days 30", { keepFor: { unit: "days", count: 30 } }],
  ["--hourly 24 --daily 7 --weekly 4 --monthly 12 --yearly 3", {
    slots: { hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 3 },
  }],
  ["--keep-last 1 --days 2 --daily 3", { keepLast: 1, keepFor: { unit: "days", count: 2 }, slots: { daily: 3 } }],
];

for (const [line, rule] of FLAGS) {
  Deno.test(`prunePolicy() makes of "${line}" what is kept where no label says otherwise`, () => {
    assertEquals(policy(line).rules, [PRE_UPGRADE, rule]);
  });
}

Deno.test("prunePolicy() without flags is what is configured", () => {
  assertEquals(policy("--apply"), DEFAULT_POLICY);
});

Deno.test("prunePolicy() never touches rules for a label, nor what is kept for ever", () => {
  const rules: RetentionRule[] = [
    { label: "critical", keepLast: 9, reviewEvery: { unit: "months", count: 12 } },
    { environment: "audit", forever: true },
    { environment: "prod", slots: { daily: 30 }, then: "cold" },
  ];
  assertEquals(policy("--keep-last 1", { ...DEFAULT_POLICY, rules }).rules, [
    ...rules.slice(0, 2),
    // For whom it is, and what becomes of the rest, stays.
    { environment: "prod", then: "cold", keepLast: 1 },
    { keepLast: 1 },
  ]);
});

Deno.test("prunePolicy() takes the size cap of the flag before that of the file", () => {
  assertEquals(policy("", { ...DEFAULT_POLICY, maxBytes: 5 }).maxBytes, 5);
  assertEquals(policy("--max-size 2GB", { ...DEFAULT_POLICY, maxBytes: 5 }).maxBytes, 2_000_000_000);
  assertEquals(policy("--max-size 2GB").rules, DEFAULT_POLICY.rules);
});
