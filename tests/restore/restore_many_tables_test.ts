import { assertEquals } from "@std/assert";
import { manyTables } from "../../scripts/fixtures/generate.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { compareWithBackup } from "../../lib/verify/mod.ts";
import { MANIFEST_FILE, parseManifest } from "../../lib/catalog/mod.ts";
import { backUp, differingLines, dumpText, envOf, restore } from "./restore_fixture.ts";

/** 2 000 tables; every tier of them, by a swap and into an empty database. */
const TABLES = 2_000;

for (const major of testedMajors()) {
  const server = await testServer(major);
  const source = await server.createDatabase();
  await source.psql(manyTables(TABLES));
  const folder = await backUp(server, source.url);
  const expected = await dumpText(server, source);

  Deno.test(`PostgreSQL ${major}: ${TABLES} tables restore equal by a swap; one alone comes back, too`, async () => {
    const target = await server.createDatabase({ sql: "CREATE TABLE old AS SELECT 1 AS a" });
    const report = await restore(server, folder, target.url, {}, {
      compare: async (request) =>
        await compareWithBackup(
          request.target,
          folder,
          parseManifest(await Deno.readTextFile(`${folder}/${MANIFEST_FILE}`)),
          { env: envOf(server), signal: new AbortController().signal },
        ),
    });
    assertEquals([report.way, report.status, report.comparison?.differences], ["swap", "done", []]);
    assertEquals(report.comparison?.rows, TABLES * 5);
    assertEquals(differingLines(await dumpText(server, target), expected), []);
    await server.cluster.psql(`DROP DATABASE "${report.previousDatabase}"`);
    // One of them alone, and nothing else is touched.
    await target.psql("DROP TABLE many_7.t1987");
    const one = await restore(server, folder, target.url, { tables: ["many_7.t1987"] });
    assertEquals([one.way, one.status], ["in_place", "done"]);
    assertEquals(differingLines(await dumpText(server, target), expected), []);
  });

  // The same work on every version; the small databases go through every tier of each.
  for (const tier of major === 15 ? ["schema", "table"] as const : []) {
    Deno.test(`PostgreSQL ${major}: the ${tier} tier of ${TABLES} tables restores equal`, async () => {
      const target = await server.createDatabase();
      const report = await restore(server, folder, target.url, { tier });
      assertEquals([report.way, report.status, report.tier], ["direct", "done", tier]);
      assertEquals(differingLines(await dumpText(server, target), expected), []);
      await target.drop();
    });
  }
}
