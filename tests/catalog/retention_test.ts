import { assert, assertEquals, assertMatch } from "@std/assert";
import { planRetention } from "../../lib/catalog/retention.ts";
import type { RetentionItem } from "../../lib/catalog/retention_item.ts";
import type { RetentionDecision, RetentionPlan } from "../../lib/catalog/retention_plan.ts";
import { DEFAULT_POLICY, KINDS_POLICY, type RetentionPolicy } from "../../lib/catalog/retention_policy.ts";
import { item, marks } from "./retention_items.ts";

const NOW = new Date("2026-06-15T12:00:00Z");
const KEEP_ONE: RetentionPolicy = { rules: [{ keepLast: 1 }], maxBytes: null, smallestShare: 0.5 };
const day = (number: number) => new Date(Date.UTC(2026, 4, number));
const days = (count: number) => Array.from({ length: count }, (_, index) => item(day(index + 1)));
const at = "2026-06-01T00:00:00.000Z";
const how = "test";

function plan(
  items: readonly RetentionItem[],
  policy = KEEP_ONE,
  failedStarts: readonly { environment: string; startedAt: Date }[] = [],
): RetentionPlan {
  return planRetention({ items, failedStarts }, policy, NOW);
}

function decisionOf(made: RetentionPlan, one: RetentionItem | undefined): RetentionDecision {
  const decision = made.decisions.find((decision) => decision.path === one?.path);
  assert(decision !== undefined);
  return decision;
}

const rulesOf = (made: RetentionPlan, one: RetentionItem | undefined) => {
  const decision = decisionOf(made, one);
  return decision.action === "keep" ? decision.rules.map((rule) => rule.rule) : decision.action;
};
const actions = (made: RetentionPlan) => made.decisions.map((decision) => decision.action);

Deno.test("the runbook's rule keeps the last five of each environment", () => {
  const items = [...days(7), ...days(6).map((one) => ({ ...one, environment: "staging", path: `s${one.path}` }))];
  const made = plan(items, DEFAULT_POLICY);
  assertEquals(actions(made).map((action) => action === "keep" ? 1 : 0), [0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]);
  assertEquals(decisionOf(made, items[0]), {
    action: "remove",
    path: items[0]?.path ?? "",
    reason: "not among the last 5",
  });
});

Deno.test("the runbook's rule keeps the last two made before upgrades, counted for themselves", () => {
  const items = [...days(5), ...[6, 7, 8].map((number) => item(day(number), { label: "pre-upgrade" }))];
  assertEquals(actions(plan(items, DEFAULT_POLICY)), [
    "keep",
    "keep",
    "keep",
    "keep",
    "keep",
    "remove",
    "keep",
    "keep",
  ]);
});

Deno.test("a kept backup names every rule that keeps it", () => {
  const items = days(2);
  const newest = {
    ...items[1] ?? item(day(2)),
    marks: marks({ verified: { at, how }, keep: { at, reason: "audit", until: null } }),
  };
  const made = plan([items[0] ?? item(day(1)), newest]);
  assertEquals(rulesOf(made, newest), ["newest", "verified", "marked", "last"]);
});

Deno.test("incomplete backups use up no place of a complete one", () => {
  const items = days(8).map((one, index) => index >= 3 && index <= 6 ? { ...one, state: "incomplete" as const } : one);
  const made = plan(items, { ...KEEP_ONE, rules: [{ keepLast: 2 }] });
  assertEquals(actions(made), ["remove", "remove", "keep", "keep", "keep", "keep", "keep", "keep"]);
});

const PROTECTED = [
  ["the newest verified one", { marks: marks({ verified: { at, how } }) }, "verified"],
  ["the newest drilled one", { marks: marks({ drilled: { at, how, coverage: 1 } }) }, "drilled"],
  ["one marked to be kept", { marks: marks({ keep: { at, reason: "x", until: null } }) }, "marked"],
  [
    "one marked to be kept until later",
    { marks: marks({ keep: { at, reason: "x", until: "2026-07-01T00:00:00Z" } }) },
    "marked",
  ],
  ["the one shown as latest", { published: true }, "published"],
  ["what its storage class is paid for", { paidUntil: new Date("2100-01-01") }, "minimum_days"],
  ["a folder of somebody else", { state: "foreign" }, "foreign"],
  ["a folder that cannot be read", { state: "unreadable" }, "unreadable"],
  ["a folder that is being written", { state: "running" }, "running"],
  ["an unfinished folder", { state: "leftover" }, "unfinished"],
] as const;

for (const [what, facts, rule] of PROTECTED) {
  Deno.test(`never removed: ${what}`, () => {
    const old = item("2020-01-01T00:00:00Z", facts);
    const made = plan([old, ...days(3)]);
    assertEquals(rulesOf(made, old), [rule]);
    assertEquals(actions(made), ["keep", "remove", "remove", "keep"]);
  });
}

Deno.test("a keep mark that has run out keeps nothing", () => {
  const old = item("2020-01-01T00:00:00Z", {
    marks: marks({ keep: { at, reason: "x", until: "2026-06-02T00:00:00Z" } }),
  });
  assertEquals(rulesOf(plan([old, ...days(1)]), old), "remove");
});

Deno.test("a backup from the future is not removed, and the newest of the past is still kept", () => {
  const future = item("2030-01-01T00:00:00Z");
  const made = plan([...days(2), future], { ...KEEP_ONE, rules: [{ keepFor: { unit: "days", count: 1 } }] });
  assert(rulesOf(made, future).includes("future"));
});

Deno.test("an interrupted removal is finished", () => {
  const half = item("2020-01-01T00:00:00Z", { state: "deleting" });
  assertEquals(decisionOf(plan([half, ...days(1)]), half), {
    action: "remove",
    path: half.path,
    reason: "its removal was interrupted",
  });
});

const REFUSED: readonly (readonly [what: string, newest: Partial<RetentionItem>, cause: string, reason: RegExp])[] = [
  ["is incomplete", { state: "incomplete" }, "incomplete", /is incomplete$/],
  ["was found damaged", { state: "damaged" }, "damaged", /is damaged$/],
  ["cannot be read", { state: "unreadable" }, "unreadable", /cannot be read$/],
  ["holds no tables", { tables: 0, dataBytes: 0 }, "empty", /holds no tables$/],
  ["holds no data", { dataBytes: 0 }, "empty", /holds no data$/],
  ["is much smaller than the one before", { dataBytes: 499 }, "shrunken", /holds 499 B of data, the one before 1 kB$/],
];

for (const [what, facts, cause, reason] of REFUSED) {
  Deno.test(`nothing of an environment is removed when its newest backup ${what}`, () => {
    const other = days(3).map((one) => ({ ...one, environment: "staging", path: `s${one.path}` }));
    const made = plan([...days(3), item(day(4), facts), ...other]);
    assertEquals(made.refusals.map((refusal) => [refusal.environment, refusal.cause]), [["prod", cause]]);
    assertMatch(made.refusals[0]?.reason ?? "", reason);
    assertEquals(actions(made), ["keep", "keep", "keep", "keep", "remove", "remove", "keep"]);
  });
}

Deno.test("a newest backup at the threshold is large enough, and the threshold can be set", () => {
  const items = [...days(2), item(day(4), { dataBytes: 500 })];
  assertEquals(plan(items).refusals, []);
  assertEquals(plan(items, { ...KEEP_ONE, smallestShare: 0.6 }).refusals.length, 1);
  assertEquals(plan([...days(2), item(day(4), { dataBytes: 1 })], { ...KEEP_ONE, smallestShare: 0 }).refusals, []);
});

Deno.test("a backup of a database that was always empty of rows is no reason to refuse", () => {
  assertEquals(plan(days(3).map((one) => ({ ...one, dataBytes: 0 }))).refusals, []);
});

Deno.test("after a failed run nothing is removed until a run succeeds", () => {
  const failed = [{ environment: "prod", startedAt: day(3) }];
  const made = plan([...days(2), item(day(4), { state: "incomplete" })], KEEP_ONE, failed);
  assertEquals(made.refusals.map((refusal) => refusal.reason), ["the run of 20260503_000000 failed"]);
  assert(rulesOf(made, item(day(4))).includes("after_failure"));
  assertEquals(actions(plan(days(5), KEEP_ONE, failed)), ["remove", "remove", "remove", "remove", "keep"]);
});

Deno.test("a failed run of one environment holds up no other", () => {
  assertEquals(plan(days(3), KEEP_ONE, [{ environment: "staging", startedAt: day(9) }]).refusals, []);
  assertEquals(plan(days(3), KEEP_ONE, [{ environment: "prod", startedAt: day(9) }]).refusals.length, 1);
});

Deno.test("kinds: what is due goes, is to be reviewed, or is to be moved to cold storage", () => {
  const old = "2025-01-31T00:00:00Z";
  const items = [
    item("2026-01-01T00:00:00Z", { label: "pre-migration-42" }),
    item("2025-12-01T00:00:00Z", { label: "pre-migration-41" }),
    item("2026-06-08T12:00:01Z", { label: "daily" }),
    item("2026-06-08T12:00:00Z", { label: "daily" }),
    item("2026-05-18T12:00:01Z", { label: "weekly" }),
    item("2026-05-18T12:00:00Z", { label: "weekly" }),
    item("2025-06-15T12:00:01Z", { label: "monthly" }),
    item("2025-06-15T12:00:00Z", { label: "monthly" }),
    item("2025-06-15T11:00:00Z", { label: "monthly", marks: marks({ stored: ["s3://cold"] }) }),
    item(old, { label: "critical" }),
    item("2026-06-15T00:00:00Z"),
  ];
  const made = plan(items, KINDS_POLICY);
  assertEquals(actions(made), [
    ...["keep", "review", "keep", "remove", "keep", "remove", "keep", "cold", "remove", "keep", "keep"] as const,
  ]);
  assertEquals(made.decisions.map((decision) => decision.action === "keep" && decision.reviewDue), [
    ...[false, false, false, false, false, false, false, false, false, true, false],
  ]);
  assertEquals(decisionOf(made, items[8]), {
    action: "remove",
    path: items[8]?.path ?? "",
    reason: "older than 12 months; it is in cold storage: s3://cold",
  });
});

Deno.test("a keep mark is a review: it is due again a year later", () => {
  const reviewed = item("2020-01-01T00:00:00Z", {
    label: "critical",
    marks: marks({ keep: { at: "2026-01-01T00:00:00Z", reason: "law", until: null } }),
  });
  const decision = decisionOf(plan([reviewed, ...days(1)], KINDS_POLICY), reviewed);
  assertEquals(decision.action === "keep" && decision.reviewDue, false);
});

Deno.test("rules choose by environment and label; what no rule is for stays", () => {
  const policy: RetentionPolicy = {
    ...KEEP_ONE,
    rules: [{ environment: "stag*", keepLast: 1 }, { label: "v?.*", keepLast: 0 }],
  };
  const staging = days(2).map((one) => ({ ...one, environment: "staging", path: `s${one.path}` }));
  const labelled = item(day(1), { label: "v?.1" });
  const made = plan([...staging, ...days(2), labelled, item(day(1), { label: "v2.1" })], policy);
  assertEquals(actions(made), ["remove", "keep", "keep", "keep", "remove", "keep"]);
  assertEquals(rulesOf(made, days(1)[0]), ["no_rule"]);
});

Deno.test("a size cap removes the oldest that only rules keep, and says when that is not enough", () => {
  const kept = item("2020-01-01T00:00:00Z", { marks: marks({ keep: { at, reason: "x", until: null } }) });
  const policy = { ...KEEP_ONE, rules: [{ keepLast: 9 }] };
  const made = plan([kept, ...days(5)], { ...policy, maxBytes: 350 });
  assertEquals(actions(made), ["keep", "remove", "remove", "remove", "keep", "keep"]);
  assertEquals([made.overCap, made.remainingBytes, made.freedBytes], [false, 300, 300]);
  const tight = plan([kept, ...days(5)], { ...policy, maxBytes: 150 });
  assertEquals(actions(tight), ["keep", "remove", "remove", "remove", "remove", "keep"]);
  assertEquals([tight.overCap, tight.remainingBytes], [true, 200]);
});

Deno.test("space freed counts a linked file only when its last name goes", () => {
  const usage = (own: number, ...keys: string[]) => ({
    apparent: own + 50 * keys.length,
    own,
    links: keys.map((key) => [key, 50] as const),
  });
  const items = [
    item(day(1), { usage: usage(1, "a", "b") }),
    item(day(2), { usage: usage(2, "b", "c") }),
    item(day(3), { usage: usage(4, "c", "d") }),
  ];
  const made = plan(items);
  assertEquals([made.freedBytes, made.remainingBytes], [1 + 2 + 100, 4 + 100]);
});
