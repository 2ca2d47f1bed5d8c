import { assert, assertEquals, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import type { DrillTier } from "../../lib/verify/mod.ts";
import { ensureToolSet } from "../../scripts/postgres_versions.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { pgText, testTarget } from "../backup/backup_fixture.ts";
import { ALL_TIERS, drill, type MadeBackup, makeBackup, outcome, SMALL_DATABASE } from "./verify_fixture.ts";

const server = await testServer();
const small = await makeBackup((await server.createDatabase({ sql: SMALL_DATABASE })).url, server.tools);

/** A folder for the disposable servers of one drill: other tests start servers, too. */
async function privateFolder() {
  const folder = await TempFolder.create({ prefix: "pgstrata-drill-" });
  await Deno.chmod(folder.path, 0o755);
  const env = { PGSTRATA_PG_BIN: server.tools.folder, TMPDIR: folder.path };
  const clusters = () =>
    [...Deno.readDirSync(folder.path)].filter(({ name }) => name.startsWith("pgstrata-cluster-")).length;
  return { env, clusters, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

for (const major of testedMajors()) {
  const own = await testServer(major);

  Deno.test(`every tier of the sample database of PostgreSQL ${major} comes back equal`, async () => {
    const backup = await makeBackup((await own.createDatabase("sample")).url, own.tools);
    const report = await drill(own.tools, backup, { tiers: ALL_TIERS });
    assertEquals(outcome(report), []);
    assertEquals(report.tiers.map(({ tier, state, coverage }) => [tier, state, coverage]), [
      ["full", "good", 1],
      ["schema", "good", 1],
      ["table", "good", 1],
    ]);
    assertEquals([report.state, report.coverage, report.warnings], ["good", 1, []]);
    for (const { comparison } of report.tiers) {
      assertEquals(comparison.rows, backup.manifest.tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0));
      assertEquals(comparison.notCompared, []);
    }
  });
}

Deno.test("a drill catches what differs after the restore, and the server is gone afterwards", async () => {
  await using folder = await privateFolder();
  let during = 0;
  const report = await drill(server.tools, small, {}, {
    env: folder.env,
    onRestored: async ({ database, hosts }) => {
      during = folder.clusters();
      const args = [
        `--host=${hosts[0]?.host}`,
        "--username=postgres",
        `--dbname=${database}`,
        "--no-psqlrc",
        "--quiet",
      ];
      await pgText(server.tools, "psql", [
        ...args,
        "--command=DELETE FROM app.lines WHERE order_id = 5; DROP INDEX app.orders_item",
      ]);
    },
  });
  assertEquals(report.state, "different");
  assertEquals(outcome(report), [
    "full: definition missing INDEX app.orders_item: is missing",
    "full: rows changed TABLE app.lines: 199 rows instead of 200",
  ]);
  assertEquals([during, folder.clusters()], [1, 0]);
});

Deno.test("the server is gone also when a drill fails or is interrupted", async () => {
  await using folder = await privateFolder();
  const { env } = folder;
  let during = 0;
  const failing = drill(server.tools, small, {}, {
    env,
    onRestored: () => {
      during = folder.clusters();
      return Promise.reject(new Error("out of luck"));
    },
  });
  await assertRejects(() => failing, Error, "out of luck");
  assertEquals([during, folder.clusters()], [1, 0]);
  const abort = new AbortController();
  const interrupted = drill(server.tools, small, {}, {
    env,
    signal: abort.signal,
    onEvent: (event) => {
      if (event.type !== "phase" || event.phase !== "restore") return;
      during = folder.clusters();
      abort.abort(new Error("enough"));
    },
  });
  await assertRejects(() => interrupted, Error, "enough");
  assertEquals([during, folder.clusters()], [1, 0]);
});

const EXTENSION_DATABASE = `
CREATE EXTENSION pgstrata_test;
INSERT INTO pgstrata_test.config VALUES (100, 'mine');
INSERT INTO pgstrata_test.queue (message) VALUES ('one');
CREATE TABLE public.plain (a int);
INSERT INTO public.plain VALUES (1);
CREATE TABLE public.refers (id int REFERENCES pgstrata_test.config);
CREATE VIEW public.uses AS SELECT * FROM pgstrata_test.config;
COMMENT ON VIEW public.uses IS 'uses an extension';
`;

Deno.test("what depends on an extension that is not here is left out and named: partial, with the share that came back", async () => {
  const backup = await makeBackup((await server.createDatabase({ sql: EXTENSION_DATABASE })).url, server.tools);
  const whole = await drill(server.tools, backup, { tiers: ALL_TIERS });
  assertEquals([outcome(whole), whole.state], [[], "good"]);
  const plain = await ensureToolSet(15);
  const report = await drill(plain, backup, { tiers: ALL_TIERS });
  assertEquals(outcome(report), []);
  assertEquals(report.state, "partial");
  assert(report.coverage > 0.3 && report.coverage < 1, String(report.coverage));
  for (const { leftOut } of report.tiers) {
    const objects = leftOut.map(({ object }) => object);
    for (
      const name of [
        "EXTENSION pgstrata_test",
        "VIEW public.uses",
        "COMMENT ON VIEW public.uses",
        "TABLE DATA pgstrata_test.config",
      ]
    ) {
      assert(objects.includes(name), `${name} in ${objects}`);
    }
    assert(!objects.includes("TABLE public.plain"));
  }
});

Deno.test("a backup of another encoding and without a full archive is drilled like others", async () => {
  await server.cluster.psql("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
  const sql =
    `SET client_encoding = 'UTF8'; CREATE TABLE "été" ("où" text CHECK ("où" <> 'à')); INSERT INTO "été" VALUES ('Übermaß'), (E'a\\tb');`;
  await server.cluster.psql(sql, { database: "latin" });
  const backup = await makeBackup(server.cluster.url("latin"), server.tools);
  const report = await drill(server.tools, backup, { tiers: ALL_TIERS });
  assertEquals([outcome(report), report.state], [[], "good"]);
  const without = await makeBackup(server.cluster.url("latin"), server.tools, { tiers: ["schema", "table"] });
  assertEquals(outcome(await drill(server.tools, without, { tiers: ["schema", "table"] })), []);
});

Deno.test("a drill into a given database wants an empty one, and leaves what it restored", async () => {
  const empty = await server.createDatabase("empty");
  const into = (tiers: readonly DrillTier[]) => drill(server.tools, small, { target: testTarget(empty.url), tiers });
  const twice = await assertRejects(
    () => into(ALL_TIERS),
    PgstrataError,
    "Cannot drill several tiers into one database",
  );
  assertEquals(twice.code, "usage");
  const report = await into(["full"]);
  assertEquals([outcome(report), report.state, report.server.disposable], [[], "good", false]);
  assertEquals(await empty.psql("SELECT count(*) FROM app.orders"), "300");
  const refused = await assertRejects(() => into(["full"]), PgstrataError, "the database is not empty");
  assertEquals([refused.code, refused.exit], ["refused", 7]);
});

Deno.test("roles of the backup are there in the drill, passwords included", async () => {
  const database = await server.createDatabase({
    sql: "CREATE ROLE verify_login LOGIN PASSWORD 'x'; CREATE TABLE t (); ALTER TABLE t OWNER TO verify_login",
  });
  const backup: MadeBackup = await makeBackup(database.url, server.tools);
  const report = await drill(server.tools, backup);
  assertEquals([outcome(report), report.warnings], [[], []]);
});
