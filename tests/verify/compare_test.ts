import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { compareDatabases, type CompareScope } from "../../lib/verify/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { testTarget } from "../backup/backup_fixture.ts";
import { compare, lines, makeBackup, restoredCopy, SMALL_DATABASE } from "./verify_fixture.ts";

const server = await testServer();
const database = await server.createDatabase({ sql: SMALL_DATABASE });
const backup = await makeBackup(database.url, server.tools);

Deno.test("a restored database is equal to its backup, and everything was looked at", async () => {
  const copy = await restoredCopy(server, backup);
  const comparison = await compare(server, copy.url, backup);
  assertEquals(lines(comparison), []);
  assert(comparison.equal);
  assertEquals(comparison.rows, 502);
  for (
    const category of ["definition", "sequence", "large_object", "owner", "privilege", "policy", "comment"] as const
  ) {
    assert(comparison.compared[category] > 0, category);
  }
});

/** What somebody does to a restored database, and the line that tells of it. */
const CHANGES: readonly (readonly [what: string, sql: string, expected: readonly RegExp[]])[] = [
  ["a changed row", "UPDATE app.orders SET secret = 'x' WHERE id = 17", [
    /^rows changed TABLE app.orders: as many rows \(300\), but other content$/,
  ]],
  ["a missing row", "DELETE FROM app.lines WHERE ctid = (SELECT min(ctid) FROM app.lines)", [
    /^rows changed TABLE app.lines: 199 rows instead of 200$/,
  ]],
  ["a row too many", "INSERT INTO app.empty VALUES (NULL)", [/^rows changed TABLE app.empty: 1 row instead of 0$/]],
  ["a lost index", "DROP INDEX app.orders_item", [/^definition missing INDEX app.orders_item/]],
  ["another index", "CREATE INDEX more ON app.lines (n)", [/^definition extra INDEX app.more/]],
  ["a changed default", "ALTER TABLE app.empty ALTER a SET DEFAULT 5", [/^definition changed TABLE app.empty/]],
  ["a changed function", "CREATE OR REPLACE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 3'", [
    /^definition changed FUNCTION app.twice\(n? ?integer\)/,
  ]],
  ["a lost policy", "DROP POLICY own ON app.orders", [/^policy missing POLICY app.orders own/]],
  ["row security turned off", "ALTER TABLE app.orders DISABLE ROW LEVEL SECURITY", [
    /^policy missing ROW SECURITY app.orders/,
  ]],
  ["a lost grant", "REVOKE SELECT ON app.orders FROM verify_reader", [
    /^privilege changed TABLE app.orders: has lost SELECT to verify_reader/,
  ]],
  ["a lost column grant", "REVOKE SELECT (n) ON app.lines FROM verify_reader", [
    /^privilege missing COLUMN app.lines.n/,
  ]],
  ["wider access", "GRANT UPDATE ON app.orders TO verify_reader", [
    /^privilege widened TABLE app.orders: gives more access: UPDATE to verify_reader/,
  ]],
  ["access for everybody", "GRANT SELECT ON app.lines TO PUBLIC", [
    /^privilege widened TABLE app.lines: gives more access: SELECT to PUBLIC/,
  ]],
  ["a lost default privilege", "ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM verify_reader", [
    /^privilege missing DEFAULT PRIVILEGES FOR tables of \w+ in app/,
  ]],
  ["a wider default privilege", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", [
    /^privilege widened DEFAULT PRIVILEGES FOR tables of \w+/,
  ]],
  ["another owner", "ALTER TABLE app.lines OWNER TO postgres", [
    /^owner changed TABLE app.lines: belongs to postgres instead of verify_owner/,
  ]],
  ["a lost comment", "COMMENT ON TABLE app.orders IS NULL", [/^comment missing COMMENT ON TABLE app.orders/]],
  ["a changed comment", "COMMENT ON TABLE app.orders IS 'other'", [/^comment changed COMMENT ON TABLE app.orders/]],
  ["a sequence off by one", "SELECT setval('app.orders_id_seq', 301)", [
    /^sequence changed SEQUENCE app.orders_id_seq: stands at 301 instead of 300$/,
  ]],
  ["a sequence not called yet", "SELECT setval('app.orders_id_seq', 300, false)", [
    /^sequence changed SEQUENCE app.orders_id_seq: stands at 300, not called instead of 300$/,
  ]],
  ["a byte of a large object", "SELECT lo_put(4711, 4, 'O')", [
    /^large_object changed LARGE OBJECT 4711: has other content \(5 bytes\)$/,
  ]],
  ["a lost large object", "SELECT lo_unlink(4712)", [/^large_object missing .*4712/]],
  ["an option of a view", "ALTER VIEW app.seen RESET (security_barrier)", [
    /^definition changed VIEW app.seen/,
    /^view_options changed VIEW app.seen: has the options "" instead of "security_barrier=true"$/,
  ]],
  ["a lost extension", "DROP EXTENSION plpgsql", [/^extension missing plpgsql/]],
];

for (const [what, sql, expected] of CHANGES) {
  Deno.test(`comparing names ${what}`, async () => {
    const copy = await restoredCopy(server, backup);
    await copy.psql(sql);
    const comparison = await compare(server, copy.url, backup);
    const found = lines(comparison);
    assert(!comparison.equal);
    for (const line of expected) assert(found.some((text) => line.test(text)), `${line} in ${found.join("\n")}`);
    // Nothing else is called different.
    for (const text of found) {
      const isExpected = expected.some((line) => line.test(text));
      assert(isExpected || / LARGE OBJECT 4712/.test(text) || /plpgsql/.test(text), text);
    }
  });
}

Deno.test("members of an extension may belong to another role: CREATE EXTENSION has no owner to restore", async () => {
  const mine = await server.createDatabase({ sql: "CREATE EXTENSION pgstrata_test" });
  const folder = await makeBackup(mine.url, server.tools);
  const other = await server.createDatabase({
    sql:
      "CREATE ROLE extender SUPERUSER; CREATE SCHEMA pgstrata_test; SET ROLE extender; CREATE EXTENSION pgstrata_test",
  });
  assertEquals(lines(await compare(server, other.url, folder)).filter((line) => line.startsWith("owner")), []);
});

Deno.test("rows in another order are the same rows", async () => {
  const copy = await restoredCopy(server, backup);
  await copy.psql(
    "CREATE TABLE t AS SELECT * FROM app.orders ORDER BY secret; TRUNCATE app.lines, app.orders; " +
      "INSERT INTO app.orders SELECT * FROM t; DROP TABLE t",
  );
  await copy.psql("INSERT INTO app.lines SELECT i, i % 7 FROM generate_series(200, 1, -1) i");
  assertEquals(lines(await compare(server, copy.url, backup)), []);
});

Deno.test("rows in another order are the same rows also where only the archive has them", async () => {
  const archivesOnly = await makeBackup(database.url, server.tools, { tiers: ["full"] });
  const copy = await restoredCopy(server, archivesOnly);
  await copy.psql(
    "CREATE TABLE t AS SELECT * FROM app.lines ORDER BY n; TRUNCATE app.lines; INSERT INTO app.lines SELECT * FROM t; DROP TABLE t",
  );
  assertEquals(lines(await compare(server, copy.url, archivesOnly)), []);
  await copy.psql("UPDATE app.lines SET n = n + 1 WHERE order_id = 3");
  assertEquals(lines(await compare(server, copy.url, archivesOnly)), [
    "rows changed TABLE app.lines: as many rows (200), but other content",
  ]);
});

Deno.test("an expression that PostgreSQL writes in another way after a restore is no difference", async () => {
  const sql = "CREATE TABLE t (a varchar(9) CHECK (a IN ('x', 'y')), b text CHECK (b::varchar IN ('x', 'y')))";
  const source = await server.createDatabase({ sql });
  const made = await makeBackup(source.url, server.tools, { tiers: ["full"] });
  const copy = await restoredCopy(server, made);
  const comparison = await compare(server, copy.url, made);
  assertEquals(lines(comparison), []);
  assertEquals(comparison.normalised, 1);
  const without = await compare(server, copy.url, made, { normalise: false });
  assertMatch(lines(without).join(), /^definition changed TABLE public.t: is defined differently/);
});

Deno.test("only the part that was restored is compared", async () => {
  const copy = await server.createDatabase("empty");
  await copy.psql("CREATE TABLE public.other (a int); CREATE SCHEMA app; CREATE TABLE app.empty (a int)");
  const scope = { schemas: null, tables: [{ schema: "app", name: "empty" }], content: "all" } as const;
  const comparison = await compare(server, copy.url, backup, { scope, reportExtra: false });
  assertEquals(lines(comparison), []);
  assertEquals(comparison.compared.rows, 1);
});

Deno.test("without owners and privileges, wider access is still told", async () => {
  const copy = await restoredCopy(server, backup);
  await copy.psql(
    "REVOKE SELECT ON app.orders FROM verify_reader; GRANT DELETE ON app.lines TO verify_reader; " +
      "ALTER TABLE app.lines OWNER TO CURRENT_USER",
  );
  const comparison = await compare(server, copy.url, backup, { owners: false, privileges: false });
  assertEquals(lines(comparison), ["privilege widened TABLE app.lines: gives more access: DELETE to verify_reader"]);
});

Deno.test("large tables, which are read through streams of their own, are compared like others", async () => {
  // Over 16 MiB of COPY text; a time whose text depends on a setting, and a name that needs quotes.
  const source = await server.createDatabase({
    sql:
      `CREATE TABLE "Large ""one""" AS SELECT i, repeat(md5(i::text), 28) AS "a b", timestamptz '2026-01-01 00:00Z' AS t
      FROM generate_series(1, 20000) AS i; CREATE TABLE small AS SELECT 1 AS a`,
  });
  await source.psql(`ALTER DATABASE ${source.name} SET TimeZone = 'Asia/Kathmandu'`);
  const made = await makeBackup(source.url, server.tools, { tiers: ["full"] });
  assert((made.manifest.tables[0]?.bytes ?? 0) > 16 * 1024 * 1024);
  const copy = await restoredCopy(server, made);
  const whole = await compare(server, copy.url, made);
  assertEquals([lines(whole), whole.rows], [[], 20001]);
  await copy.psql('UPDATE "Large ""one""" SET "a b" = \'\' WHERE i = 7');
  assertEquals(lines(await compare(server, copy.url, made)), [
    'rows changed TABLE public.Large "one": as many rows (20 000), but other content',
  ]);
  await copy.psql('ALTER TABLE "Large ""one""" DROP COLUMN "a b"');
  assertEquals(lines(await compare(server, copy.url, made)).map((line) => line.replace(/:.*/, "")), [
    'definition changed TABLE public.Large "one"',
    'rows missing TABLE public.Large "one"',
  ]);
});

Deno.test("two live databases are compared by the same rules", async () => {
  const copy = await restoredCopy(server, backup);
  const options = { env: { PGSTRATA_PG_BIN: server.tools.folder }, signal: new AbortController().signal };
  const [from, to] = [testTarget(database.url), testTarget(copy.url)];
  assertEquals(lines(await compareDatabases(from, to, options)), []);
  await copy.psql("DELETE FROM app.lines WHERE order_id = 9");
  assertEquals(lines(await compareDatabases(from, to, options)), [
    "rows changed TABLE app.lines: 199 rows instead of 200",
  ]);
});

for (const major of testedMajors().filter((each) => each > 15)) {
  const newer = await testServer(major);
  await newer.cluster.psql("CREATE ROLE verify_reader; CREATE ROLE verify_owner");

  Deno.test(`a database restored into PostgreSQL ${major} is equal to its backup from 15`, async () => {
    const copy = await restoredCopy(newer, backup);
    const comparison = await compare(newer, copy.url, backup);
    assertEquals(lines(comparison), []);
  });
}

Deno.test("several tables whose rows stand in another order are read again, and are equal", async () => {
  const copy = await restoredCopy(server, backup);
  // New row versions move to the end.
  await copy.psql("UPDATE app.orders SET secret = secret WHERE id < 100; UPDATE app.lines SET n = n WHERE n % 2 = 0;");
  const comparison = await compare(server, copy.url, backup);
  assertEquals(lines(comparison), []);
});

Deno.test("a part of a database is compared without reading the rows of the rest, whatever the names are", async () => {
  const odd = `a "b".c|d(*)[e]$\\`;
  const name = `"${odd.replaceAll('"', '""')}"`;
  const many = Array.from({ length: 120 }, (_, index) => `CREATE TABLE s2.t${index} AS SELECT ${index} AS a;`).join("");
  const large = "SELECT repeat('x', 1000) AS a FROM generate_series(1, 1000)";
  const source = await server.createDatabase({
    sql: `CREATE SCHEMA s2; ${many} CREATE TABLE ${name} AS SELECT 1 AS a; CREATE TABLE public."a|b" AS ${large};
      CREATE SCHEMA "x.y"; CREATE TABLE "x.y".${name} AS ${large}; CREATE TABLE s2.t120 AS ${large};
      CREATE SEQUENCE s2.numbers; SELECT setval('s2.numbers', 7); SELECT lo_from_bytea(0, convert_to(repeat('y', 500000), 'UTF8'));`,
  });
  const made = await makeBackup(source.url, server.tools);
  let read = 0;
  const part = async (scope: Pick<CompareScope, "schemas" | "tables">) => {
    read = 0;
    const onProgress = (bytes: number) => void (read = bytes);
    return await compare(server, source.url, made, { scope: { ...scope, content: "all" }, onProgress });
  };
  const one = await part({ schemas: null, tables: [{ schema: "public", name: odd }] });
  assertEquals([one.rows, lines(one)], [1, []]);
  assertLess(read, 400_000);
  const other = await part({ schemas: null, tables: [{ schema: "x.y", name: odd }] });
  assertEquals([other.rows, lines(other)], [1000, []]);
  assertLess(read, 1_400_000);
  const schema = await part({ schemas: ["s2"], tables: null });
  assertEquals([schema.rows, lines(schema), schema.compared.sequence], [1120, [], 1]);
  assertLess(read, 1_400_000);
  await part({ schemas: null, tables: null });
  assertGreater(read, 3_400_000);
});
