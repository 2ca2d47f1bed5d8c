import { assertEquals } from "@std/assert";
import type { Alert } from "../../lib/diff/alerts.ts";
import { groupedAlerts } from "../../lib/diff/grouped_alerts.ts";

const opened = (object: string, detail = "more access: EXECUTE to anon"): Alert => ({
  kind: "access_widened",
  object,
  detail,
});
const texts = (alerts: readonly Alert[]) => groupedAlerts(alerts).map(({ object, detail }) => `${object}: ${detail}`);

Deno.test("groupedAlerts() says the same words about many objects once, and hides no other alert", () => {
  const lost: Alert = { kind: "rows_lost", object: "public.orders", detail: "the table is gone, with 5 rows" };
  assertEquals(
    texts([opened("f1"), opened("f2"), opened("f3"), opened("t", "more access: SELECT to a"), opened("f4"), lost]),
    [
      "f1, f2, f3 and 1 more: more access: EXECUTE to anon",
      "t: more access: SELECT to a",
      "public.orders: the table is gone, with 5 rows",
    ],
  );
});

Deno.test("groupedAlerts() names each where there are few, and every table that lost rows", () => {
  const few = [opened("f1"), opened("f2"), opened("f3")];
  assertEquals(groupedAlerts(few), few);
  const lost = [1, 2, 3, 4, 5].map((n): Alert => ({
    kind: "rows_lost",
    object: `t${n}`,
    detail: "all 9 rows are gone",
  }));
  assertEquals(groupedAlerts(lost), lost);
});
