import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { backUp, restore } from "./restore_fixture.ts";

const majors = testedMajors();

/** Each version into the next newer one and the one after; alone, a version restores into itself (see the tiers' tests). */
const pairs = majors.flatMap((older, index) =>
  majors.slice(index + 1, index + 3).map((newer) => [older, newer] as const)
);

/** Every table with its rows and what they are. */
const DIGEST = `SELECT string_agg(format('%s %s', c.oid::regclass, (xpath('/row/d/text()', query_to_xml(format(
    'SELECT count(*) || '' '' || coalesce(md5(string_agg(md5(t::text), '''' ORDER BY md5(t::text))), '''') AS d FROM ONLY %s AS t',
    c.oid::regclass), false, true, '')))[1]), E'\\n' ORDER BY c.oid::regclass::text COLLATE "C")
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** What else there is: indexes, constraints, policies, functions, triggers, by name. */
const OBJECTS = `SELECT string_agg(o, E'\\n' ORDER BY o COLLATE "C") FROM (
  SELECT indexdef AS o FROM pg_indexes WHERE schemaname !~ '^pg_'
  UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE conrelid >= 16384 AND contype <> 'n'
  UNION ALL SELECT format('%s %s', polrelid::regclass, polname) FROM pg_policy
  UNION ALL SELECT format('%s %s', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.oid >= 16384 AND NOT EXISTS (
    SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')) AS x`;

for (const [older, newer] of pairs) {
  const [from, to] = [await testServer(older), await testServer(newer)];
  const source = await from.createDatabase("sample");
  const folder = await backUp(from, source.url);

  for (const tier of ["full", "schema", "table"] as const) {
    Deno.test(`the ${tier} tier of PostgreSQL ${older} restores into PostgreSQL ${newer}: every row and object of it`, async () => {
      const target = await to.createDatabase();
      const report = await restore(to, folder, target.url, { tier });
      assertEquals([report.status, report.tier], ["done", tier]);
      assertEquals(await target.psql(DIGEST), await source.psql(DIGEST));
      assertEquals(await target.psql(OBJECTS), await source.psql(OBJECTS));
    });
  }

  Deno.test(`a backup of PostgreSQL ${newer} restores into PostgreSQL ${older}, or nothing is touched`, async () => {
    const database = await to.createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
    const backup = await backUp(to, database.url);
    const target = await from.createDatabase();
    if (older < 17 && newer >= 17) {
      // Clients of 17 begin with a setting that older servers refuse.
      const error = await assertRejects(() => restore(to, backup, target.url), PgstrataError);
      assertEquals([error.code, await target.psql("SELECT to_regclass('t')")], ["tool", ""]);
      assertStringIncludes(error.hint ?? "", "--tier table");
      return;
    }
    const report = await restore(to, backup, target.url);
    assertEquals(await target.psql("SELECT a FROM t"), "1");
    // Before 15 everybody may create in public: that is said.
    assertEquals(report.widened, older < 15 && newer >= 15 ? ["CREATE to PUBLIC on schema public"] : []);
  });

  if (older < 15 || newer < 17) continue;
  Deno.test(`the table tier of PostgreSQL ${newer} restores into PostgreSQL ${older}; what it does not know is named`, async () => {
    const database = await to.createDatabase("sample");
    await database.psql(
      "GRANT SELECT, MAINTAIN ON public.profiles TO PUBLIC; GRANT MAINTAIN ON public.orders TO PUBLIC",
    );
    const backup = await backUp(to, database.url);
    const target = await from.createDatabase();
    const report = await restore(to, backup, target.url, { tier: "table" });
    assertEquals(await target.psql(DIGEST), await database.psql(DIGEST));
    if (older >= 17) return assertEquals(report.notGranted, []);
    assertStringIncludes(report.notGranted.join("\n"), "(MAINTAIN came with PostgreSQL 17)");
    assert(report.notGranted.every((text) => text.includes("MAINTAIN")));
    const everybody =
      `SELECT count(*) FROM pg_class, aclexplode(relacl) WHERE oid = 'public.profiles'::regclass AND grantee = 0`;
    assertEquals(await target.psql(everybody), "1");
  });
}
