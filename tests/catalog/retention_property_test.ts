import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { planRetention } from "../../lib/catalog/retention.ts";
import type { FailedStart, RetentionHistory, RetentionItem } from "../../lib/catalog/retention_item.ts";
import type { RetentionPolicy, RetentionRule } from "../../lib/catalog/retention_policy.ts";
import { item, marks } from "./retention_items.ts";

const NOW = new Date("2026-06-15T12:00:00Z");
const HOUR = 3_600_000;

const time = fc.integer({ min: -48, max: 24 * 900 }).map((hours) => new Date(NOW.getTime() - hours * HOUR));
const environment = fc.constantFrom("prod", "staging", "eu_west");
const iso = time.map((date) => date.toISOString());
const seen = fc.record({ at: iso, how: fc.constant("test") });

const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const anyMarks = fc.record({
  verified: rarely(seen),
  drilled: rarely(seen.map((one) => ({ ...one, coverage: 1 }))),
  keep: rarely(fc.record({ at: iso, reason: fc.constant("why"), until: fc.option(iso) })),
  stored: fc.constantFrom([], [], ["s3://cold"]),
});

const link = fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.constant(50)).map(([key, bytes]) =>
  [key, bytes] as const
);

const anyItem: fc.Arbitrary<RetentionItem> = fc.record({
  time,
  environment,
  label: fc.constantFrom(null, null, "daily", "weekly", "pre-upgrade", "critical"),
  state: fc.oneof(
    { weight: 30, arbitrary: fc.constant("good" as const) },
    { weight: 3, arbitrary: fc.constantFrom("incomplete" as const, "damaged" as const, "foreign" as const) },
    { weight: 1, arbitrary: fc.constantFrom("unreadable" as const, "running" as const, "deleting" as const) },
  ),
  marks: anyMarks,
  published: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  paidUntil: rarely(time),
  tables: fc.oneof({ weight: 40, arbitrary: fc.constant(2) }, { weight: 1, arbitrary: fc.constant(0) }),
  dataBytes: fc.oneof(
    { weight: 15, arbitrary: fc.integer({ min: 900, max: 1100 }) },
    { weight: 1, arbitrary: fc.constantFrom(null, 0, 100) },
  ),
  own: fc.integer({ min: 0, max: 1000 }),
  links: fc.array(link, { maxLength: 3 }),
}).map(({ own, links, marks: some, ...facts }) =>
  item(facts.time, {
    ...facts,
    marks: marks(facts.state === "damaged" ? { ...some, verified: null, damaged: { at: "", how: "" } } : some),
    usage: { apparent: own + 50 * links.length, own, links },
  })
);

const few = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined });
const anyRule: fc.Arbitrary<RetentionRule> = fc.record({
  environment: fc.option(fc.constantFrom("prod", "*", "e*"), { nil: undefined }),
  label: fc.option(fc.constantFrom("daily", "*", "pre-*"), { nil: undefined }),
  keepLast: few,
  keepFor: fc.option(fc.record({ unit: fc.constantFrom("days" as const, "months" as const), count: fc.nat(12) }), {
    nil: undefined,
  }),
  slots: fc.option(fc.record({ hourly: few, daily: few, weekly: few, monthly: few, yearly: few }), { nil: undefined }),
  forever: fc.constantFrom(true, ...Array(9).fill(false)),
  then: fc.constantFrom("delete" as const, "delete" as const, "review" as const, "cold" as const),
}).map((rule) => withoutUndefined(rule) as RetentionRule);

const anyPolicy: fc.Arbitrary<RetentionPolicy> = fc.record({
  rules: fc.array(anyRule, { minLength: 1, maxLength: 3 }),
  maxBytes: fc.option(fc.integer({ min: 0, max: 8000 })),
  smallestShare: fc.constantFrom(0, 0.5, 1),
});

const anyFailure: fc.Arbitrary<FailedStart> = fc.record({ environment, startedAt: time });

const anyHistory: fc.Arbitrary<RetentionHistory> = fc.record({
  items: fc.uniqueArray(anyItem, { maxLength: 30, size: "max", selector: (one) => one.path }),
  failedStarts: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(anyFailure, { maxLength: 2 }) },
  ),
});

function withoutUndefined(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined).map(([key, one]) => [key, withoutUndefined(one)]),
  );
}

const isNewer = (one: RetentionItem, other: RetentionItem) =>
  one.time > other.time || (one.time.getTime() === other.time.getTime() && one.path > other.path);

/** What DECISIONS 17 and the issue protect, written down a second time and in another way. */
function isProtected(one: RetentionItem, { items, failedStarts }: RetentionHistory): boolean {
  if (one.state === "deleting") return false;
  if (!["good", "incomplete", "damaged"].includes(one.state)) return true;
  const own = items.filter((other) => other.environment === one.environment);
  const isNewestOf = (same: (other: RetentionItem) => boolean) =>
    same(one) && !own.some((other) => same(other) && isNewer(other, one));
  const isOurs = (other: RetentionItem) => ["good", "incomplete", "damaged"].includes(other.state);
  if (isNewestOf((other) => other.state === "good")) return true;
  if (isNewestOf((other) => isOurs(other) && other.marks.verified !== null)) return true;
  if (isNewestOf((other) => isOurs(other) && other.marks.drilled !== null)) return true;
  const { keep } = one.marks;
  if (one.paidUntil !== null && one.paidUntil.getTime() > NOW.getTime()) return true;
  if (one.published || (keep !== null && (keep.until === null || Date.parse(keep.until) > NOW.getTime()))) return true;
  const newestGood = Math.max(
    -1,
    ...own.filter((other) => other.state === "good").map((other) => other.time.getTime()),
  );
  return failedStarts.some((run) =>
    run.environment === one.environment && run.startedAt.getTime() >= newestGood && one.time >= run.startedAt
  );
}

Deno.test("retention keeps its promises over 10 000 random histories", () => {
  let removals = 0;
  let refusals = 0;
  fc.assert(
    fc.property(anyHistory, anyPolicy, (history, policy) => {
      const made = planRetention(history, policy, NOW);

      // Kept, removed, reviewed and cold are everything, once each.
      assertEquals(made.decisions.map((one) => one.path), history.items.map((one) => one.path));

      const gone = new Set<string>();
      for (const decision of made.decisions) {
        if (decision.action === "remove") gone.add(decision.path);
        // One reason each; what is kept says why.
        if (decision.action === "keep") assert(decision.rules.length > 0, decision.path);
        else assert(decision.reason.length > 0, decision.path);
      }
      removals += gone.size;
      refusals += made.refusals.length;

      // Nothing protected is removed, and nothing of an environment that is refused.
      const refused = new Set(made.refusals.map((one) => one.environment));
      for (const one of history.items) {
        if (!gone.has(one.path)) continue;
        assert(!isProtected(one, history), `${one.path} is protected`);
        assert(one.state === "deleting" || !refused.has(one.environment ?? ""), `${one.path} is refused`);
      }

      // Freed and remaining are all there was.
      const left = { ...history, items: history.items.filter((one) => !gone.has(one.path)) };
      const before = planRetention({ ...history, items: left.items }, { ...policy, rules: [] }, NOW);
      assertEquals(made.remainingBytes, before.remainingBytes + before.freedBytes);
      if (policy.maxBytes !== null) assertEquals(made.overCap, made.remainingBytes > policy.maxBytes);

      // Pruning what is left removes nothing, in any order.
      const again = planRetention({ ...left, items: left.items.toReversed() }, policy, NOW);
      assertEquals(again.decisions.filter((one) => one.action === "remove"), []);
    }),
    { seed: 20260615, numRuns: 10_000 },
  );
  assert(removals > 10_000 && refusals > 1_000, `the histories are too tame: ${removals} ${refusals}`);
});
