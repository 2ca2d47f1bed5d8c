/** What `backup` looks at before it dumps anything: the doctor's decisive checks, through the command itself. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError, Secret } from "../../lib/base/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { roomCheck } from "../../tasks/backup_checks.ts";
import { putBackup } from "../catalog/fixtures.ts";
import { runMain } from "../tasks/run_main.ts";

const PASSWORD = "pre#flight";
const server = await testServer(15, { tcp: { password: new Secret(PASSWORD) } });

/** Client programs that say when pg_dump really dumps. */
async function watchedTools(folder: string): Promise<{ readonly path: string; dumped(): Promise<boolean> }> {
  const path = join(folder, "bin");
  const mark = join(folder, "dumped");
  await Deno.mkdir(path);
  for (const { name } of Deno.readDirSync(server.tools.folder)) {
    await Deno.symlink(join(server.tools.folder, name), join(path, name));
  }
  await Deno.remove(join(path, "pg_dump"));
  const real = server.tools.program("pg_dump");
  const script = `#!/bin/sh\ncase "$*" in *--version*) ;; *) echo > '${mark}' ;; esac\nexec '${real}' "$@"\n`;
  await Deno.writeTextFile(join(path, "pg_dump"), script, { mode: 0o755 });
  return { path, dumped: () => Deno.stat(mark).then(() => true, () => false) };
}

interface Refusal {
  readonly what: string;
  /** Prepares a database; gives the URL to back up. */
  readonly url: () => Promise<string>;
  readonly code: number;
  readonly says: readonly string[];
}

const REF = "abcdefghijklmnopqrst";
const asReader = async (sql: string) => {
  const database = await server.createDatabase({ sql });
  const user = `reader_${crypto.randomUUID().slice(0, 8)}`;
  await database.psql(`CREATE ROLE ${user} LOGIN PASSWORD '${PASSWORD}'`);
  const password = encodeURIComponent(PASSWORD);
  return `postgresql://${user}:${password}@127.0.0.1:${server.cluster.port}/${database.name}`;
};

const REFUSALS: readonly Refusal[] = [
  {
    what: "a transaction pooler's port",
    url: () => Promise.resolve(`postgresql://postgres.${REF}:x@aws-0-eu-west-1.pooler.supabase.com:6543/postgres`),
    code: 4,
    says: ["transaction pooler", ":5432/postgres"],
  },
  {
    what: "a connection string that is none",
    url: () => Promise.resolve("postgresql://user:pa#ss@127.0.0.1:5432x/d"),
    code: 2,
    says: ["hint:"],
  },
  {
    what: "relations that the role cannot read",
    url: () => asReader("CREATE SCHEMA closed; CREATE TABLE closed.one (a int); CREATE TABLE closed.two (a int)"),
    code: 1,
    says: ["closed.one", "closed.two", "pg_read_all_data"],
  },
];

for (const { what, url, code, says } of REFUSALS) {
  Deno.test(`backup refuses ${what} before it dumps anything`, async () => {
    await using folder = await TempFolder.create();
    const tools = await watchedTools(folder.path);
    const env = { DATABASE_URL_PROD: await url(), PGSTRATA_PG_BIN: tools.path };
    const run = await runMain(["backup", "prod"], { env, cwd: folder.path });
    assertEquals(run.code, code, run.stderr);
    for (const text of says) assertStringIncludes(run.stderr, text);
    assertEquals(await tools.dumped(), false);
    const left = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
    assertEquals(left.filter((name) => !["bin", "backups"].includes(name)), []);
    if (left.includes("backups")) {
      assertEquals([...Deno.readDirSync(join(folder.path, "backups"))].map(({ name }) => name), [".pgstrata"]);
    }
  });
}

Deno.test("backup says that others can read .env or have it in git, and backs up; the watched pg_dump ran", async () => {
  await using folder = await TempFolder.create();
  const tools = await watchedTools(folder.path);
  const database = await server.createDatabase({ sql: "CREATE TABLE t (a int)" });
  await Deno.writeTextFile(join(folder.path, ".env"), `DATABASE_URL_PROD="${database.url}"\n`);
  await Deno.chmod(join(folder.path, ".env"), 0o644);
  for (const args of [["init", "-q"], ["add", ".env"]]) await processText({ program: "git", args, cwd: folder.path });
  const { code, stderr } = await runMain(["backup", "prod"], {
    env: { PGSTRATA_PG_BIN: tools.path },
    cwd: folder.path,
  });
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, `chmod 600 ${folder.path}/.env`);
  assertStringIncludes(stderr, "git rm --cached .env");
  assert(await tools.dumped());
});

const OPTIONS = {
  tiers: ["full", "schema", "table"],
  content: "all",
  selection: { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] },
} as const;

Deno.test("no room is exit code 6 with the way past it; --no-room-check turns it into a warning", async () => {
  await using folder = await TempFolder.create();
  const options = { ...OPTIONS, shelf: folder.path };
  const check = roomCheck("prod", options, true, () => Promise.resolve(1_000));
  const error = await assertRejects(() => check(1e6, folder.path), PgstrataError, "at the very least");
  assertEquals([error.code, error.exit], ["no_room", 6]);
  assertStringIncludes(error.hint ?? "", "--no-room-check");
  const lax = await roomCheck("prod", options, false, () => Promise.resolve(1_000))(1e6, folder.path);
  assertStringIncludes(lax ?? "", "at the very least");
  assertEquals(await roomCheck("prod", options, true, () => Promise.resolve(1e9))(1e6, folder.path), null);
});

Deno.test("the room is judged by the last backup where there is one: a database full of dead rows is let through", async () => {
  await using folder = await TempFolder.create();
  await putBackup(folder.path, { time: new Date("2026-03-01T02:00:00Z"), tableBytes: 1_000 });
  const options = { ...OPTIONS, shelf: folder.path };
  const free = () => Promise.resolve(1e8);
  assertEquals(await roomCheck("prod", options, true, free)(1e10, folder.path), null);
  const part = { ...options, selection: { ...OPTIONS.selection, schemas: ["public"] } };
  await assertRejects(() => roomCheck("prod", part, true, free)(1e10, folder.path), PgstrataError, "the tables' size");
});

Deno.test("backup itself stops where there is no room, before it dumps", async () => {
  await using folder = await TempFolder.create();
  const tools = await watchedTools(folder.path);
  // By the catalog the table has 800 TB: no disk has a tenth of it.
  const database = await server.createDatabase({ sql: "CREATE TABLE t (a int)" });
  await database.psql("UPDATE pg_class SET relpages = 2000000000 WHERE relname = 't'");
  await database.psql(
    Array.from({ length: 60 }, (_, index) => `CREATE TABLE t${index} (a int);`).join("") +
      "UPDATE pg_class SET relpages = 2000000000 WHERE relname ~ '^t[0-9]*$'",
  );
  const env = { DATABASE_URL_PROD: database.url, PGSTRATA_PG_BIN: tools.path };
  const { code, stderr } = await runMain(["backup", "prod"], { env, cwd: folder.path });
  assertEquals([code, await tools.dumped()], [6, false], stderr);
  assertStringIncludes(stderr, "at the very least");
  const lax = await runMain(["backup", "prod", "--no-room-check"], { env, cwd: folder.path });
  assertEquals([lax.code, await tools.dumped()], [0, true], lax.stderr);
});
