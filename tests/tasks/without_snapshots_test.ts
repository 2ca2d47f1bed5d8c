import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseManifest } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { pgText } from "../backup/backup_fixture.ts";
import { runMain } from "./run_main.ts";

const server = await testServer();

Deno.test("backup --without-snapshots leaves out what snapshot install made, and says so", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase({ sql: "CREATE TABLE experts AS SELECT 1 AS id; CREATE SCHEMA other;" });
  const env = { DATABASE_URL_PROD: database.url, PGSTRATA_PG_BIN: server.tools.folder };
  const run = async (...args: string[]) => {
    const result = await runMain([...args, "--dir", shelf.path], { env, cwd: shelf.path });
    assertEquals(result.code, 0, result.stderr);
    return result;
  };
  const schemasOf = async (...args: string[]) => {
    const { stdout, stderr } = await run("backup", "prod", ...args);
    const manifest = parseManifest(await Deno.readTextFile(`${stdout.trim()}/manifest.json`));
    return { folder: stdout.trim(), manifest, stderr, schemas: manifest.schemas.map((schema) => schema.name) };
  };
  assertEquals((await schemasOf("--without-snapshots")).schemas, ["other", "public"], "nothing is installed yet");
  await run("snapshot", "install", "--env", "prod");
  await run("snapshot", "create", "experts", "--env", "prod", "--reason", "before the change");
  assertEquals((await schemasOf()).schemas, ["backup", "other", "public"]);
  const without = await schemasOf("--without-snapshots");
  assertEquals(without.schemas, ["other", "public"]);
  assertEquals(without.manifest.status, "complete");
  assertStringIncludes(without.stderr, "--without-snapshots");
  assertStringIncludes(await Deno.readTextFile(`${without.folder}/summary.txt`), "--without-snapshots");
  const target = await server.createDatabase();
  await pgText(server.tools, "pg_restore", ["--exit-on-error", "-d", target.url, `${without.folder}/db_full.dump`]);
});
