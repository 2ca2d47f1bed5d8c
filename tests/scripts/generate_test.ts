import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { benchData, loadBenchData, manyTables } from "../../scripts/fixtures/generate.ts";
import { testServer } from "../../scripts/test_server.ts";

const server = await testServer();

Deno.test("benchData() has 200 tables over 10 schemas, the largest with 15 % of the rows' bytes", async () => {
  const { tables } = benchData(0.01);
  assertEquals(tables.length, 200);
  assertEquals(new Set(tables.map((table) => table.name.split(".")[0])).size, 10);
  const database = await server.createDatabase();
  await loadBenchData(server.cluster, database.name, 0.01);
  const counted = await database.psql(
    "SELECT sum(reltuples) FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE 'bench%'",
  );
  assertEquals(Number(counted), tables.reduce((sum, table) => sum + table.rows, 0));
  const share = Number(
    await database.psql(
      "SELECT max(pg_relation_size(oid))::float / sum(pg_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE 'bench%'",
    ),
  );
  assertGreater(share, 0.12);
  assertLess(share, 0.18);
});

Deno.test("benchData() is the same on every run", async () => {
  const databases = [await server.createDatabase(), await server.createDatabase()];
  const digests = [];
  for (const database of databases) {
    await loadBenchData(server.cluster, database.name, 0.001);
    digests.push(
      await database.psql("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM bench_0.table_000 AS t"),
    );
  }
  assertEquals(digests[0], digests[1]);
  assert(digests[0] !== "");
});

Deno.test("manyTables() makes as many tables as asked for, each with key, index, comment and 5 rows", async () => {
  const database = await server.createDatabase({ sql: manyTables(120) });
  assertEquals(await database.psql("SELECT count(*) FROM pg_tables WHERE schemaname LIKE 'many%'"), "120");
  assertEquals(await database.psql("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), "120");
  assertEquals(await database.psql("SELECT count(*), min(parent_id) FROM many_19.t119"), "5|1");
});
