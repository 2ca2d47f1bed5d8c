import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { generateAgeKey } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { folderNames } from "../backup/backup_fixture.ts";
import { runMain } from "./run_main.ts";

const server = await testServer();

Deno.test("snapshot export --encrypt --push --drop stores an encrypted backup, then drops the copy; not the other way", async () => {
  await using folder = await TempFolder.create();
  const database = await server.createDatabase({ sql: "CREATE TABLE experts AS SELECT 1 AS id" });
  const { recipient } = await generateAgeKey();
  await Deno.writeTextFile(
    join(folder.path, "pgstrata.json"),
    JSON.stringify({
      recipients: { age: [recipient] },
      storage: [{ name: "disk", url: `file://${folder.path}/cold` }],
    }),
  );
  const env = { DATABASE_URL_PROD: database.url, PGSTRATA_PG_BIN: server.tools.folder };
  const run = (...args: string[]) => runMain(["snapshot", ...args, "--env", "prod"], { env, cwd: folder.path });
  const good = async (...args: string[]) => {
    const result = await run(...args);
    assertEquals(result.code, 0, result.stderr);
    return result.stdout;
  };
  await good("install");
  await good("create", "experts", "--reason", "before");
  const copies = async () =>
    (await database.psql(
      "\\t on\n\\a\nSELECT count(*) FROM pg_class WHERE relnamespace = 'backup'::regnamespace AND relname LIKE 'experts%' AND relkind = 'r';",
    )).trim();
  const noKey = await runMain(["snapshot", "export", "1", "--encrypt", "--drop", "--env", "prod"], {
    env: { ...env, PGSTRATA_AGE_RECIPIENTS: "age1nonsense" },
    cwd: folder.path,
  });
  assertEquals([noKey.code, await copies()], [2, "1"], noKey.stderr);
  assertEquals((await folderNames(join(folder.path, "backups"))).filter((name) => name !== ".pgstrata"), []);
  const failed = await run("export", "1", "--encrypt", "--push", "--drop");
  assert(failed.code !== 0, "the storage is not there");
  assertEquals(await copies(), "1");
  await Deno.mkdir(join(folder.path, "cold"));
  const stdout = await good("export", "1", "--encrypt", "--push", "--drop");
  assertStringIncludes(stdout, `file://${folder.path}/cold`);
  assertEquals(await copies(), "0");
  const [stored] = [...Deno.readDirSync(join(folder.path, "cold"))].map((entry) => entry.name);
  const files = [...Deno.readDirSync(join(folder.path, "cold", stored ?? ""))].map((entry) => entry.name);
  assert(files.includes("db_full.dump.age") && !files.includes("db_full.dump"), files.join());
});
