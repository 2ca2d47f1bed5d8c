import { assertEquals, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { drillTiers } from "../../tasks/drill_tiers.ts";

const ALL = ["full", "schema", "table"] as const;

Deno.test("verify --drill drills the tier that was asked for, all that there are, or else the best there is", () => {
  assertEquals(drillTiers("full", { tiers: ALL }), { tiers: ["full"], note: null });
  assertEquals(drillTiers("table", { tiers: ALL }), { tiers: ["table"], note: null });
  assertEquals(drillTiers("all", { tiers: ALL }), { tiers: [...ALL], note: null });
  assertEquals(drillTiers("all", { tiers: ["table", "full"] }), { tiers: ["full", "table"], note: null });
  assertEquals(drillTiers("full", { tiers: ["table", "schema"] }), {
    tiers: ["schema"],
    note: "the backup has no full tier: its schema tier is drilled",
  });
});

Deno.test("verify --drill refuses a tier that the backup does not have, and names those it has", () => {
  const error = assertThrows(() => drillTiers("schema", { tiers: ["full", "table"] }), PgstrataError);
  assertEquals([error.code, error.hint], ["usage", "It has: full, table."]);
});
