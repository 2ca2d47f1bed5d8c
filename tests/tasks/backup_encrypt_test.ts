import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { generateAgeKey } from "../../lib/crypt/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { runMain } from "./run_main.ts";

const server = await testServer();

async function filesBelow(folder: string): Promise<string[]> {
  const text = await processText({ program: "find", args: [".", "-type", "f"], cwd: folder });
  return text.trim().split("\n").sort();
}

Deno.test("backup --encrypt --push leaves and copies encrypted files only, that open again", async () => {
  await using folder = await TempFolder.create();
  const database = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT 'plain words to look for' AS a" });
  const { identity, recipient } = await generateAgeKey();
  const keyFile = join(folder.path, "key.txt");
  await Deno.writeTextFile(keyFile, `${identity}\n`, { mode: 0o600 });
  await Deno.writeTextFile(
    join(folder.path, "pgstrata.json"),
    JSON.stringify({
      recipients: { age: [recipient] },
      storage: [{ name: "disk", url: `file://${folder.path}/cold` }],
    }),
  );
  await Deno.mkdir(join(folder.path, "cold"));
  const env = {
    DATABASE_URL_PROD: database.url,
    PGSTRATA_PG_BIN: server.tools.folder,
    PGSTRATA_AGE_IDENTITY_FILE: keyFile,
  };
  const run = async (...args: string[]) => {
    const result = await runMain(args, { env, cwd: folder.path });
    assertEquals(result.code, 0, result.stderr);
    return result;
  };
  const { stdout, stderr } = await run("backup", "prod", "--encrypt", "--push");
  const [sealed = "", stored = ""] = stdout.trim().split("\n");
  const files = await filesBelow(join(folder.path, sealed));
  assert(files.includes("./manifest.json.age") && files.includes("./db_full.dump.age"), files.join());
  const open = files.filter((file) => !file.endsWith(".age")).map((file) => file.slice(2));
  assert(open.length <= 2, `in plain: ${open.join(" ")}`);
  const grep = await new Deno.Command("grep", { args: ["-rl", "plain words", join(folder.path, "backups")] }).output();
  assertEquals(new TextDecoder().decode(grep.stdout), "");
  assertStringIncludes(stderr, "Without its key");
  assertMatch(stderr, /Phases .*, seal \d/, "the end of the encryption is part of the time it took");
  assertStringIncludes(stored, `file://${folder.path}/cold`);
  await processText({
    program: "sha256sum",
    args: ["--check", "--quiet", "SHA256SUMS"],
    cwd: join(folder.path, sealed),
  });

  assertStringIncludes((await run("list")).stdout, "complete, age");
  await run("verify", "latest", "--drill");
  const target = await server.createDatabase();
  await run("restore", "latest", "--to", target.url, "--yes", target.name);
  assertStringIncludes(await target.psql("SELECT a FROM t"), "plain words");
  // What stands there now is backed up before the next restore: encrypted, too, and never taken for the latest.
  await run("restore", "latest", "--to", target.url, "--yes", target.name);
  const shelf = join(folder.path, "backups");
  const safety = [...Deno.readDirSync(shelf)].map(({ name }) => name).filter((name) => name.endsWith("_pre_restore"));
  assertEquals(safety.length, 1);
  assert((await filesBelow(join(shelf, safety[0] ?? ""))).includes("./manifest.json.age"));
  const readable = await new Deno.Command("grep", { args: ["-rl", "plain words", shelf] }).output();
  assertEquals(new TextDecoder().decode(readable.stdout), "");
  const third = await run("restore", "latest", "--to", target.url, "--yes", target.name);
  assertStringIncludes(third.stderr, `${safety[0]} is a safety backup of a restore and passed over`);
  await Deno.remove(join(folder.path, "backups"), { recursive: true });
  await run("pull", sealed.split("/").at(-1) ?? "", "--from", "disk");
  await run("decrypt", "latest", "--to", join(folder.path, "open"));
  const plain = [...Deno.readDirSync(join(folder.path, "open"))].find(({ name }) => name.endsWith("prod"))?.name;
  const data = await processText({
    program: "grep",
    args: ["-rl", "plain words", join(folder.path, "open", plain ?? "")],
  });
  assertStringIncludes(data, "data.sql");
});

Deno.test("backup --encrypt without a key is refused before the database is asked", async () => {
  await using folder = await TempFolder.create();
  const env = { DATABASE_URL_PROD: "postgresql://x@127.0.0.1:1/x" };
  const { code, stderr } = await runMain(["backup", "prod", "--encrypt"], { env, cwd: folder.path });
  assertEquals(code, 2, stderr);
  assertStringIncludes(stderr, "PGSTRATA_AGE_RECIPIENTS");
});

Deno.test("the warning of lost keys is kept for the first backup that is encrypted", async () => {
  await using folder = await TempFolder.create();
  const { recipient } = await generateAgeKey();
  const env = { DATABASE_URL_PROD: "postgresql://x@127.0.0.1:1/x", PGSTRATA_AGE_RECIPIENTS: recipient };
  const { code, stderr } = await runMain(["backup", "prod", "--encrypt"], { env, cwd: folder.path });
  assertEquals(code, 4, stderr);
  assert(!stderr.includes("Without its key"), stderr);
});
