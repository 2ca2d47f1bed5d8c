import { assertEquals } from "@std/assert";
import type { PrivilegeRow } from "../../lib/catalog/mod.ts";
import { alertsOf } from "../../lib/diff/alerts.ts";
import { diffGrants } from "../../lib/diff/diff_grants.ts";

function row(object: string, acl: readonly string[] | null, given: Partial<PrivilegeRow> = {}): PrivilegeRow {
  return { kind: "table", object, owner: "app", acl: acl === null ? null : [...acl], ...given };
}

function grants(before: readonly PrivilegeRow[], after: readonly PrivilegeRow[]) {
  return diffGrants(before, after, () => true);
}

function alerts(before: readonly PrivilegeRow[], after: readonly PrivilegeRow[]): string[] {
  return alertsOf({ objects: [], tables: [], viewOptions: [], roles: [], grants: grants(before, after) })
    .map(({ object, detail }) => `${object}: ${detail}`);
}

Deno.test("diffGrants() tells what may be done now and could not before, and the other way round", () => {
  const before = [row("public.a", ["app=arwdDxt/app", "reader=r/app"])];
  const after = [row("public.a", ["app=arwdDxt/app", "reader=w/app", "anon=r/app"])];
  assertEquals(grants(before, after), [{
    change: "changed",
    kind: "table",
    object: "public.a",
    ownerBefore: "app",
    ownerAfter: "app",
    gained: ["UPDATE to reader", "SELECT to anon"],
    lost: ["SELECT to reader"],
  }]);
  assertEquals(alerts(before, after), ["public.a: more access: UPDATE to reader; SELECT to anon"]);
});

Deno.test("diffGrants() finds no difference between the built-in default and the same written out", () => {
  assertEquals(grants([row("public.a", null)], [row("public.a", ["app=arwdDxt/app"])]), []);
  assertEquals(grants([row("public.a", ["app=r/app"])], [row("public.a", ["app=r/somebody"])]), []);
});

Deno.test("diffGrants() tells of new objects only what others may do, and alerts only of what everybody may", () => {
  const after = [row("public.new", ["app=arwdDxt/app", "reader=r/app", "anon=r/app"]), row("public.own", null)];
  assertEquals(grants([], after).map(({ object, gained }) => [object, gained]), [
    ["public.new", ["SELECT to reader", "SELECT to anon"]],
  ]);
  assertEquals(alerts([], after), ["public.new: more access: SELECT to anon"]);
});

Deno.test("diffGrants() notices another owner, and a database of another name is the same object", () => {
  const [change] = grants([row("public.a", null)], [row("public.a", null, { owner: "other" })]);
  assertEquals([change?.ownerBefore, change?.ownerAfter], ["app", "other"]);
  const database = (object: string) => row(object, ["=Tc/app"], { kind: "database" });
  assertEquals(grants([database("shop")], [database("shop_copy")]), []);
});
