import { assertEquals } from "@std/assert";
import { alertsOf } from "../../lib/diff/alerts.ts";

const NOTHING = { objects: [], tables: [], grants: [], viewOptions: [], roles: [] };

Deno.test("alertsOf() shouts when security_invoker is lost, however it was written", () => {
  const cases: readonly (readonly [before: readonly string[], after: readonly string[], lost: boolean])[] = [
    [["security_invoker=true"], [], true],
    [["security_invoker=on"], ["security_invoker=off"], true],
    [["security_invoker"], ["check_option=local"], true],
    [["security_invoker=1"], ["security_invoker=yes"], false],
    [[], ["security_invoker=true"], false],
    [["security_invoker=false"], [], false],
  ];
  for (const [before, after, lost] of cases) {
    const alerts = alertsOf({ ...NOTHING, viewOptions: [{ schema: "public", view: "v", before, after }] });
    assertEquals(alerts.map(({ kind }) => kind), lost ? ["security_invoker_lost"] : [], `${before} to ${after}`);
  }
});

Deno.test("alertsOf() tells a table that lost its rows from one that lost some", () => {
  const table = { schema: "s", name: "t", bytesBefore: 9, bytesAfter: 0, proof: "count" as const };
  const alerts = alertsOf({
    ...NOTHING,
    tables: [
      { ...table, change: "changed", rowsBefore: 1000, rowsAfter: 0 },
      { ...table, change: "changed", rowsBefore: 1000, rowsAfter: 1 },
      { ...table, change: "removed", rowsBefore: 5, rowsAfter: null },
      { ...table, change: "removed", rowsBefore: 0, rowsAfter: null },
    ],
  });
  assertEquals(alerts.map(({ detail }) => detail), ["all 1 000 rows are gone", "the table is gone, with 5 rows"]);
});

Deno.test("alertsOf() tells of row level security that is off, unless the table went with it", () => {
  const object = { schema: "public", before: "x", after: null, lines: [], change: "removed" as const };
  const security = { ...object, kind: "ROW SECURITY", name: "t", table: "public.t" };
  assertEquals(alertsOf({ ...NOTHING, objects: [security] }).map(({ kind }) => kind), ["row_security_lost"]);
  const table = { ...object, kind: "TABLE", name: "t", table: null };
  assertEquals(alertsOf({ ...NOTHING, objects: [security, table] }), []);
  const policy = {
    ...security,
    kind: "POLICY",
    name: "p",
    before: "CREATE POLICY p ON public.t AS RESTRICTIVE USING (false);",
  };
  assertEquals(alertsOf({ ...NOTHING, objects: [policy] }).map(({ kind }) => kind), ["restriction_lost"]);
});

Deno.test("alertsOf() tells of a role that became superuser or passes row level security, new or not", () => {
  const attributes = (text: string) => [`ALTER ROLE "a b" WITH ${text}`];
  const texts = (gone: readonly string[], come: readonly string[]) =>
    alertsOf({ ...NOTHING, roles: [{ change: "changed", role: "a b", gone, come, passwordChanged: false }] })
      .map(({ kind, object, detail }) => `${kind} ${object}: ${detail}`);
  const told = (
    powers: string,
  ) => [`role_widened a b: the role is ${powers} now: row level security does not hold for it`];
  assertEquals(
    texts(attributes("NOSUPERUSER LOGIN NOBYPASSRLS"), attributes("SUPERUSER LOGIN NOBYPASSRLS")),
    told("SUPERUSER"),
  );
  assertEquals(texts([], attributes("NOSUPERUSER LOGIN BYPASSRLS CONNECTION LIMIT 3")), told("BYPASSRLS"));
  assertEquals(texts(attributes("SUPERUSER BYPASSRLS"), attributes("SUPERUSER BYPASSRLS LOGIN")), []);
  assertEquals(texts(attributes("SUPERUSER"), attributes("NOSUPERUSER")), []);
});
