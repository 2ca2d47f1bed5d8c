import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { testedMajors, testServer } from "../../scripts/test_server.ts";

for (const major of testedMajors()) {
  const server = await testServer(major);
  await server.createDatabase("torture");

  Deno.test(`createDatabase() gives each test its own copy of a fixture on ${major}`, async () => {
    const first = await server.createDatabase("sample");
    const started = performance.now();
    const second = await server.createDatabase("sample");
    assertLess(performance.now() - started, 60_000);
    await first.psql("DROP TABLE public.orders CASCADE");
    assertEquals(await second.psql("SELECT count(*) FROM public.orders"), "12000");
    await second.drop();
  });

  Deno.test(`createDatabase() hands on comment, settings and privileges of the fixture's database on ${major}`, async () => {
    const database = await server.createDatabase("torture");
    assertStringIncludes(
      await database.psql(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()",
      ),
      '"database"',
    );
    assertEquals(await database.psql(`SHOW "torture.setting"`), `it's; \\ "x"`);
    assertEquals(
      await database.psql(
        "SELECT has_database_privilege('torture_reader', current_database(), 'TEMP'), has_database_privilege('torture_owner', current_database(), 'TEMP')",
      ),
      "t|f",
    );
  });

  Deno.test(`the torture fixture has an extension with configuration tables on ${major}`, async () => {
    const database = await server.createDatabase("torture");
    assertEquals(
      await database.psql("SELECT count(*) FROM pg_extension, unnest(extconfig) WHERE extname = 'pgstrata_test'"),
      "3",
    );
    assertEquals(await database.psql("SELECT count(*) FROM pgstrata_test.queue"), "2");
  });

  Deno.test(`testServer() gives the same server again on ${major}`, async () => {
    assertEquals(await testServer(major) === server, true);
  });
}
