import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { testServer } from "../../scripts/test_server.ts";
import { backUp } from "./backup_fixture.ts";

const server = await testServer();

Deno.test("a role with two connections backs everything up, roles after the data", async () => {
  const database = await server.createDatabase({
    sql: "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 10)",
  });
  await database.psql("CREATE ROLE two_only LOGIN CONNECTION LIMIT 2; GRANT pg_read_all_data TO two_only");
  const shelf = await Deno.makeTempDir();
  try {
    const url = database.url.replace(/\/\/[^@]*@/, "//two_only@");
    const { folder, manifest } = await backUp(url, shelf, server.tools, {});
    assertEquals([manifest.status, manifest.omissions], ["complete", []]);
    assertStringIncludes(await Deno.readTextFile(join(folder, "roles.sql")), "CREATE ROLE two_only");
  } finally {
    await Deno.remove(shelf, { recursive: true });
  }
});
