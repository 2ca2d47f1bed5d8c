/** What users get wrong: every refusal says what failed, why, and what to do; nothing is changed. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type CompareRequest, type Comparison, RestoreError } from "../../lib/restore/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { fakeContext } from "../tasks/fake_context.ts";
import { restoreParts } from "../../tasks/restore_deps.ts";
import { type MainRun, runMain } from "../tasks/run_main.ts";
import { backUp, differingLines, dumpText, envOf, restore, scratchFolder } from "./restore_fixture.ts";

const server = await testServer(15);
const source = await server.createDatabase({
  sql:
    `CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT i AS id, repeat('x', 100) AS v FROM generate_series(1, 500) AS i;
    CREATE TABLE shop.items AS SELECT 1 AS id; CREATE TABLE public.notes AS SELECT 2 AS id; CREATE VIEW shop.v AS SELECT 1 AS a;`,
});
const folder = await backUp(server, source.url);
const shelf = folder.replace(/\/[^/]*$/, "");

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<MainRun> {
  return await runMain(["restore", ...args, "--dir", shelf], { env: { ...envOf(server), ...env } });
}

async function failing(run: () => Promise<unknown>): Promise<RestoreError> {
  const error = await assertRejects(run, RestoreError);
  assert(error instanceof RestoreError);
  assert((error.hint ?? "") !== "", "there is no hint");
  return error;
}

const at = (name: string) => server.cluster.url(name);
const NOWHERE = "postgresql://postgres@127.0.0.1:1/x";

const WRONG: readonly [what: string, args: readonly string[], code: number, message: RegExp][] = [
  [
    "an archive instead of the folder",
    [`${folder}/db_full.dump`, "--to", NOWHERE],
    2,
    /Cannot find backup .*Did you mean/s,
  ],
  [
    "an environment that is not configured",
    [folder, "--to", "stagging"],
    2,
    /environment "stagging".*DATABASE_URL_STAGGING/s,
  ],
  ["a variable that is not set", [folder, "--to-env", "NO_SUCH_URL"], 2, /The variable NO_SUCH_URL is not set/],
  ["nothing on standard input", [folder, "--to", "-"], 2, /Cannot read --to -: .*Standard input was empty/s],
  ["no server", [folder, "--to", NOWHERE], 4, /nothing listens on that port.*source: --to.*hint: Check host and port/s],
  [
    "a database that is not there",
    [folder, "--to", at("no\"such 'db")],
    4,
    /does not exist.*hint: --create-db creates it/s,
  ],
  ["--into-schema without tables", [folder, "--to", at("x"), "--into-schema", "y"], 2, /needs tables.*--table S\.T/s],
  [
    "a schema misspelt",
    [folder, "--to", source.url, "-n", "shp", "--yes", source.name],
    2,
    /none of that name.*Did you mean shop\?/s,
  ],
  [
    "a table misspelt",
    [folder, "--to", source.url, "-t", "shop.ordes"],
    2,
    /none of that name.*Did you mean shop\.orders\?/s,
  ],
  [
    "a table misspelt, no schema",
    [folder, "--to", source.url, "-t", "itmes"],
    2,
    /none of that name.*Did you mean shop\.items\?/s,
  ],
  [
    "a table misspelt, from its tier",
    [folder, "--to", source.url, "-t", "shop.ordes", "--tier", "table"],
    2,
    /Did you mean shop\.orders\?/,
  ],
  [
    "a table that exists",
    [folder, "--to", source.url, "-t", "shop.orders"],
    7,
    /exists in the target.*table shop\.orders.*--clean/s,
  ],
];
for (const [what, args, code, message] of WRONG) {
  Deno.test(`restore into the wrong place: ${what}`, async () => {
    const ended = await run(args);
    assertEquals(ended.code, code, ended.stderr);
    assertMatch(ended.stderr, message);
    assertMatch(ended.stderr, /^hint: ./m);
    assert(!ended.stderr.includes("--url"), ended.stderr);
  });
}

Deno.test("restore without PostgreSQL's programs ends with exit code 5 and changes nothing", async () => {
  const bin = await scratchFolder();
  await Deno.symlink(server.tools.program("pg_restore"), `${bin}/pg_restore`);
  const ended = await run([folder, "--to", source.url, "--yes", source.name], { PGSTRATA_PG_BIN: bin });
  assertEquals(ended.code, 5, ended.stderr);
  assertStringIncludes(ended.stderr, "has no psql");
  assertStringIncludes(ended.stderr, "target: nothing was changed");
});

const NAME = "Ä b\"c'd $(x) \\ %";

Deno.test("a database's name with quotes, blanks and others: restored by a swap; the way back and the leftovers are quoted", async () => {
  await server.cluster.psql(`CREATE DATABASE "${NAME.replaceAll('"', '""')}"`);
  const database = { database: NAME };
  await server.cluster.psql("CREATE TABLE old AS SELECT 7 AS a", database);
  const refused = await run([folder, "--to", at(NAME)]);
  assertStringIncludes(refused.stderr, `--yes 'Ä b"c'\\''d $(x) \\ %'`);
  const report = await restore(server, folder, at(NAME));
  assertEquals([report.way, report.status], ["swap", "done"]);
  assertEquals(await server.cluster.psql("SELECT count(*) FROM shop.orders", database), "500");
  const back = await new Deno.Command("bash", {
    args: ["-c", report.undo ?? ""],
    env: { PATH: `${server.tools.folder}:${Deno.env.get("PATH")}` },
    stdout: "null",
    stderr: "piped",
  }).output();
  assert(back.success, new TextDecoder().decode(back.stderr));
  assertEquals(await server.cluster.psql("SELECT a FROM old", database), "7");
});

Deno.test("the source itself as the target is an ordinary restore: shown, secured, swapped, equal", async () => {
  const living = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
  const backup = await backUp(server, living.url);
  const before = await dumpText(server, living);
  const report = await restore(server, backup, living.url);
  assertEquals([report.way, report.plans.length], ["swap", 1]);
  assertEquals(differingLines(await dumpText(server, living), before), []);
});

Deno.test("--schema and --table together restore both, and both are compared", async () => {
  const target = await server.createDatabase();
  const requests: CompareRequest[] = [];
  const parts = restoreParts({
    env: envOf(server),
    signal: new AbortController().signal,
    shelf,
    context: fakeContext(),
  });
  const compare = async (request: CompareRequest): Promise<Comparison> => {
    requests.push(request);
    return await parts.compare(request);
  };
  const options = { schemas: ["shop"], tables: ["public.notes", "shop.items"] };
  const report = await restore(server, folder, target.url, options, { compare });
  assertEquals([report.status, report.comparison?.rows], ["done", 502]);
  assertEquals(requests.map(({ schemas, tables }) => [schemas, tables]), [
    [["shop"], null],
    [null, [{ schema: "public", name: "notes" }]],
  ]);
  assertEquals(await target.psql("SELECT (SELECT count(*) FROM shop.orders), (SELECT id FROM public.notes)"), "500|2");
});

Deno.test("tables beside living ones: the way back takes them away and nothing else", async () => {
  const target = await server.createDatabase({ sql: "CREATE SCHEMA mine; CREATE TABLE mine.kept AS SELECT 1 AS a" });
  const before = await dumpText(server, target);
  for (const intoSchema of ["mine", 'new "one"']) {
    const report = await restore(server, folder, target.url, { tables: ["shop.orders", "shop.items"], intoSchema });
    assertEquals(report.status, "done");
    const { success } = await new Deno.Command("bash", {
      args: ["-c", report.undo ?? ""],
      env: { PATH: `${server.tools.folder}:${Deno.env.get("PATH")}` },
      stdout: "null",
      stderr: "null",
    }).output();
    assert(success, report.undo ?? "");
    assertEquals(differingLines(await dumpText(server, target), before), []);
  }
});

Deno.test("an owner that is no superuser restores a database of its own; what it may not do is named", async () => {
  await server.cluster.psql("CREATE ROLE plain_owner LOGIN");
  const from = await server.createDatabase({
    sql:
      `CREATE ROLE other_owner; CREATE TABLE t AS SELECT 1 AS id; CREATE TABLE u (); ALTER TABLE u OWNER TO other_owner;
      CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$; CREATE PUBLICATION p FOR ALL TABLES;
      CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()`,
  });
  const backup = await backUp(server, from.url);
  const target = await server.createDatabase();
  await server.cluster.psql(`ALTER DATABASE ${target.name} OWNER TO plain_owner`);
  const report = await restore(server, backup, target.url.replace("postgres@", "plain_owner@"));
  assertEquals([report.way, report.status], ["direct", "done"]);
  assertEquals(await target.psql("SELECT id FROM t"), "1");
  const reasons = new Set(report.leftOut.map(({ reason }) => reason));
  assert(reasons.has("for all tables: needs a superuser"));
  assert(reasons.has("only a superuser may create it"));
  assert(report.ownersNotSet.some(({ owner }) => owner === "other_owner"));
  await target.psql("CREATE TABLE public.newer (a int); ALTER TABLE public.newer OWNER TO plain_owner");
  const error = await failing(() => restore(server, backup, target.url.replace("postgres@", "plain_owner@")));
  assertEquals([error.code, error.context.reason], ["refused", "role plain_owner may not create databases"]);
});

Deno.test("restore checks the backup with verify itself before it asks anything of the target: one flipped bit is found", async () => {
  const damaged = `${await scratchFolder()}/copy`;
  await copyFolder(folder, damaged);
  const path = `${damaged}/db_full.dump`;
  const bytes = await Deno.readFile(path);
  bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
  await Deno.writeFile(path, bytes);
  const target = await server.createDatabase({ sql: "CREATE TABLE mine AS SELECT 1 AS a" });
  const before = await dumpText(server, target);
  const { verify } = restoreParts({
    env: envOf(server),
    signal: new AbortController().signal,
    shelf,
    context: fakeContext(),
  });
  // Nobody listens there: it does not come to that.
  const early = await failing(() => restore(server, damaged, NOWHERE, {}, { verify }));
  assertEquals([early.code, early.exit], ["refused", 7]);
  assertMatch(String(early.context["problem 1"]), /db_full\.dump/);
  const error = await failing(() => restore(server, damaged, target.url, {}, { verify }));
  assertEquals([error.message, error.report.targetState], [
    "Cannot restore: the backup does not verify",
    "nothing was changed",
  ]);
  assertEquals(differingLines(await dumpText(server, target), before), []);
  // Another tier reads other files, and those are whole.
  const report = await restore(server, damaged, target.url, { tier: "table" }, { verify });
  assertEquals([report.status, report.warnings.filter((text) => text.includes("verify"))], ["done", []]);
  assertEquals(await target.psql("SELECT count(*) FROM shop.orders"), "500");
  // What is damaged and restored all the same is said.
  const data = `${damaged}/shop/tables/orders/data.sql`;
  await Deno.writeTextFile(data, (await Deno.readTextFile(data)).replace("\n1\t", "\n9999\t"));
  await failing(() => restore(server, damaged, target.url, { tier: "table" }, { verify }));
  const forced = await restore(server, damaged, target.url, { tier: "table", force: true }, { verify });
  assertMatch(
    forced.warnings.join("\n"),
    /does not verify and is restored all the same: shop\/tables\/orders\/data\.sql/,
  );
  assertMatch(forced.steps.map(({ done }) => done).join("\n"), /found \d+ problems? in the backup's files/);
  assertEquals(await target.psql("SELECT count(*) FROM shop.orders WHERE id = 9999"), "1");
});

Deno.test("the way back of what was lost drops it again: the safety backup does not hold it; of the rest it restores", async () => {
  const target = await server.createDatabase({ sql: "CREATE TABLE public.notes AS SELECT 3 AS id" });
  const deps = { safetyBackup: () => Promise.resolve("/safe/one") };
  const lost = await restore(server, folder, target.url, { tables: ["shop.items", "shop.v"] }, deps);
  assertMatch(lost.undo ?? "", /^psql .* --command='DROP VIEW shop\.v; DROP TABLE shop\.items'$/);
  const parts = { schemas: ["public"], tables: ["shop.orders"], clean: true };
  const without = await server.createDatabase({ sql: "CREATE TABLE public.notes AS SELECT 3 AS id" });
  const added = { tables: ["shop.items", "shop.v"], safetyBackup: false };
  assertEquals(
    (await restore(server, folder, without.url, added)).undo?.replace(/dbname=\S+/, ""),
    lost.undo?.replace(/dbname=\S+/, ""),
  );
  assertEquals((await restore(server, folder, without.url, { ...parts, safetyBackup: false })).undo, null);
  const mixed = await restore(server, folder, target.url, parts, deps);
  assertMatch(
    mixed.undo ?? "",
    /--command='DROP TABLE shop\.orders' && pgstrata restore \/safe\/one --to "\$TARGET_URL" --schema public --clean --yes/,
  );
});

Deno.test("a backup of a part that fails for what was left out says so", async () => {
  const whole = await server.createDatabase({
    sql:
      "CREATE SCHEMA kinds; CREATE TYPE kinds.state AS ENUM ('new'); CREATE TABLE public.jobs (id int, s kinds.state);",
  });
  const patterns = { excludeSchemas: [], excludeTables: [], excludeTableData: [] };
  const part = await backUp(server, whole.url, { selection: { ...patterns, schemas: ["public"], tables: [] } });
  const error = await failing(() => restore(server, part, server.cluster.url("only_a_part"), { createDatabase: true }));
  assertStringIncludes(error.message, "what it needs is not in the target");
  assertEquals(error.context["the backup was made with"], "--schema public");
  assertStringIncludes(error.hint ?? "", "restore a backup of the whole database");
});

Deno.test("a backup of public alone, which creates that schema, restores into a new database, which has it", async () => {
  const whole = await server.createDatabase({ sql: "CREATE TABLE public.t AS SELECT 1 AS id; CREATE SCHEMA other;" });
  const selection = { schemas: ["public"], tables: [], excludeSchemas: [], excludeTables: [], excludeTableData: [] };
  const part = await backUp(server, whole.url, { selection });
  const fresh = { name: "public_alone", url: server.cluster.url("public_alone") };
  assertEquals((await restore(server, part, fresh.url, { createDatabase: true })).status, "done");
  const other = await server.createDatabase({ sql: "CREATE SCHEMA other" });
  assertEquals((await restore(server, part, other.url)).status, "done");
  assertEquals(await other.psql("SELECT id FROM public.t"), "1");
});

Deno.test("a target whose encoding cannot hold the backup's text is named as the cause", async () => {
  const tea = await server.createDatabase({ sql: "CREATE TABLE public.tea AS SELECT 'お茶' AS name;" });
  const backup = await backUp(server, tea.url);
  await server.cluster.psql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  const error = await failing(() => restore(server, backup, server.cluster.url("latin")));
  assertStringIncludes(error.message, "the target's encoding cannot hold the backup's text");
  assertStringIncludes(error.hint ?? "", "--create-db");
});

Deno.test("rows for a table that has lost a column since: the hint names the two ways", async () => {
  const target = await server.createDatabase({ sql: "CREATE TABLE public.t AS SELECT 1 AS id, 'a' AS title" });
  const backup = await backUp(server, target.url);
  await target.psql("ALTER TABLE public.t RENAME title TO name");
  const rows = { tables: ["public.t"], content: "data-only", clean: true } as const;
  const error = await failing(() => restore(server, backup, target.url, rows));
  assertStringIncludes(error.message, "the target's table has other columns than the backup's");
  assertStringIncludes(error.hint ?? "", "--into-schema NEW");
});

Deno.test("nothing was changed: there is no way back to go", async () => {
  const target = await server.createDatabase({ sql: "CREATE SCHEMA shop; CREATE TABLE shop.items (id text)" });
  await target.psql("CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'");
  await target.psql("CREATE EVENT TRIGGER stop ON ddl_command_start EXECUTE FUNCTION stop()");
  const error = await failing(() => restore(server, folder, target.url, { tables: ["shop.items"], clean: true }));
  assertEquals(error.report.undo, null);
  assertMatch(error.report.targetState, /^nothing was changed/);
});

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
