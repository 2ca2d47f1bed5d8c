import { assertEquals, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { backUp, restore } from "./restore_fixture.ts";

const majors = testedMajors();

/** Each version into the next newer one that is tested; alone, a version restores into itself (see the tiers' tests). */
for (const [index, older] of majors.entries()) {
  const newer = majors[index + 1];
  if (newer === undefined) continue;
  const [from, to] = [await testServer(older), await testServer(newer)];
  const source = await from.createDatabase("sample");
  const folder = await backUp(from, source.url);

  Deno.test(`a backup of PostgreSQL ${older} restores into PostgreSQL ${newer}, every row of it`, async () => {
    const target = await to.createDatabase();
    const report = await restore(to, folder, target.url);
    assertEquals(report.status, "done");
    const digest = `SELECT string_agg(format('%s %s', c.oid::regclass, (xpath('/row/d/text()', query_to_xml(format(
        'SELECT count(*) || '' '' || coalesce(md5(string_agg(md5(t::text), '''' ORDER BY md5(t::text))), '''') AS d FROM ONLY %s AS t',
        c.oid::regclass), false, true, '')))[1]), E'\\n' ORDER BY c.oid::regclass::text)
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;
    assertEquals(await target.psql(digest), await source.psql(digest));
  });

  Deno.test(`a backup of PostgreSQL ${newer} restores into PostgreSQL ${older}, or nothing is touched`, async () => {
    const database = await to.createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
    const backup = await backUp(to, database.url);
    const target = await from.createDatabase();
    if (older < 17 && newer >= 17) {
      // Clients of 17 begin with a setting that older servers refuse.
      const error = await assertRejects(() => restore(to, backup, target.url), PgstrataError);
      assertEquals([error.code, await target.psql("SELECT to_regclass('t')")], ["tool", ""]);
      return;
    }
    const report = await restore(to, backup, target.url);
    assertEquals(await target.psql("SELECT a FROM t"), "1");
    // Before 15 everybody may create in public: that is said.
    assertEquals(report.widened, older < 15 && newer >= 15 ? ["everybody: CREATE on schema public"] : []);
  });
}
