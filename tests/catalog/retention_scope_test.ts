import { assertEquals } from "@std/assert";
import { planRetention } from "../../lib/catalog/retention.ts";
import type { RetentionHistory } from "../../lib/catalog/retention_item.ts";
import { DEFAULT_POLICY } from "../../lib/catalog/retention_policy.ts";
import { planWithin } from "../../lib/catalog/retention_scope.ts";
import { item } from "./retention_items.ts";

const NOW = new Date("2026-06-15T12:00:00Z");
const day = (number: number) => `2026-06-${String(number).padStart(2, "0")}T00:00:00Z`;
const keepOne = (maxBytes: number | null = null) => ({ ...DEFAULT_POLICY, rules: [{ keepLast: 1 }], maxBytes });

const HISTORY: RetentionHistory = {
  items: [
    item(day(5)),
    item(day(4), { usage: { apparent: 100, own: 40, links: [["1:7", 60]] } }),
    item(day(3), { environment: "eu-west", usage: { apparent: 100, own: 40, links: [["1:7", 60]] } }),
    item(day(2), { environment: "eu-west", state: "incomplete" }),
    item(day(1), { environment: null, state: "deleting", path: "archive/x.deleting" }),
    item(day(1), { environment: null, state: "foreign", path: "theirs" }),
  ],
  failedStarts: [{ environment: "eu_west", startedAt: new Date(day(6)) }],
};

Deno.test("planWithin() leaves other environments out, and counts anew", () => {
  const whole = planRetention(HISTORY, keepOne(), NOW);
  const prod = planWithin(whole, HISTORY, ["prod"], null);
  assertEquals(prod.decisions.map(({ action, path }) => [action, path]), [
    ["keep", "20260605_000000_prod"],
    ["remove", "20260604_000000_prod"],
    ["remove", "archive/x.deleting"],
  ]);
  // What is linked to eu-west's stays, and so do its bytes.
  assertEquals([prod.freedBytes, prod.remainingBytes, prod.refusals], [140, 400, []]);
});

Deno.test("planWithin() knows an environment by its true name and by the folder's", () => {
  const whole = planRetention(HISTORY, keepOne(), NOW);
  for (const name of ["eu_west", "eu-west"]) {
    const plan = planWithin(whole, HISTORY, [name], null);
    assertEquals(plan.decisions.length, 3);
    assertEquals(plan.refusals.map(({ environment, cause }) => [environment, cause]), [["eu-west", "failed"]]);
  }
});

Deno.test("planWithin() says whether the shelf is still too large", () => {
  const policy = keepOne(430);
  const whole = planRetention(HISTORY, policy, NOW);
  assertEquals(planWithin(whole, HISTORY, ["prod"], 430).overCap, false);
  assertEquals(planWithin(whole, HISTORY, ["staging"], 430).overCap, true);
});
