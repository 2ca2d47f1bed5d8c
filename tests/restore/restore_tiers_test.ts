import { assertEquals, assertStringIncludes } from "@std/assert";
import { type FixtureName, testedMajors, testServer } from "../../scripts/test_server.ts";
import { backUp, differingLines, type DumpPart, dumpText, restore } from "./restore_fixture.ts";

/** What no dump brings back as it was, by its own design; see scripts/fixtures/torture.sql. */
const KNOWN: Readonly<Record<string, DumpPart>> = {
  sample: {},
  torture: { excludeSchemas: ["lost", "moved"] },
};

/** The order of views that stand in a circle depends on their OIDs in pg_dump of 13. */
const anyOrder = (major: number, lines: readonly string[]) =>
  lines.filter((line) => major > 13 || line !== "the same lines in another order");

for (const major of testedMajors()) {
  const server = await testServer(major);
  for (const fixture of ["sample", "torture"] satisfies FixtureName[]) {
    const source = await server.createDatabase(fixture);
    const folder = await backUp(server, source.url);
    const expected = await dumpText(server, source, KNOWN[fixture]);

    for (const tier of ["full", "schema", "table"] as const) {
      Deno.test(`PostgreSQL ${major}: the ${tier} tier of ${fixture} restores equal into an empty database`, async () => {
        const target = await server.createDatabase();
        const report = await restore(server, folder, target.url, { tier });
        assertEquals([report.way, report.status, report.tier], ["direct", "done", tier]);
        // Files of tables hold no large objects, which belong to none: the report says so.
        const lo = tier === "table" ? ["--no-blobs"] : [];
        const judged = { ...KNOWN[fixture], args: lo };
        const without = tier === "table" ? await dumpText(server, source, judged) : expected;
        assertEquals(anyOrder(major, differingLines(await dumpText(server, target, judged), without)), []);
        if (tier === "table") assertStringIncludes(report.warnings.join("\n"), "large objects: the table tier");
      });
    }

    Deno.test(`PostgreSQL ${major}: ${fixture} restores equal in place, over what was changed meanwhile`, async () => {
      const target = await server.createDatabase(fixture);
      await target.psql(CHANGES[fixture] ?? "");
      const report = await restore(server, folder, target.url, { inPlace: true });
      assertEquals([report.way, report.status], ["in_place", "done"]);
      assertEquals(anyOrder(major, differingLines(await dumpText(server, target, KNOWN[fixture]), expected)), []);
      const objects = report.overwritten.map(({ object }) => object).join("\n");
      assertStringIncludes(objects, "(not in the backup)");
    });

    Deno.test(`PostgreSQL ${major}: ${fixture} restores equal by a swap; the old database stays`, async () => {
      const target = await server.createDatabase({ sql: "CREATE TABLE old (a int); INSERT INTO old VALUES (7)" });
      const report = await restore(server, folder, target.url);
      assertEquals([report.way, report.status], ["swap", "done"]);
      assertEquals(anyOrder(major, differingLines(await dumpText(server, target, KNOWN[fixture]), expected)), []);
      const before = report.previousDatabase ?? "";
      assertEquals(await server.cluster.psql("SELECT a FROM old", { database: before }), "7");
      await server.cluster.psql(`DROP DATABASE "${before}"`);
    });
  }
}

/** Something lost, something changed, something new. */
const CHANGES: Readonly<Record<string, string>> = {
  sample: `
    DROP TABLE public.orders CASCADE;
    CREATE TABLE public.newcomer (id int PRIMARY KEY);
    DELETE FROM auth.refresh_tokens;
    DROP SCHEMA tenant_acme CASCADE;`,
  // The fixture gave plpgsql a function that the transform's end would take along, and plpgsql with it.
  torture: `
    ALTER EXTENSION plpgsql DROP FUNCTION lost.of_extension_too();
    DROP TABLE keys.tree CASCADE;
    CREATE TABLE keys.newcomer (id int PRIMARY KEY);
    UPDATE values_.numbers SET n = NULL WHERE false;
    DROP EVENT TRIGGER dropped;
    SELECT lo_unlink(oid) FROM pg_largeobject_metadata LIMIT 1;`,
};
