import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { messageOf, PgstrataError } from "../../lib/base/mod.ts";
import { type Comparison, isSameDatabase, refuseProduction, RestoreError } from "../../lib/restore/mod.ts";
import { type TestDatabase, testServer } from "../../scripts/test_server.ts";
import { backUp, differingLines, dumpText, envOf, restore, scratchFolder, targetOf } from "./restore_fixture.ts";

const server = await testServer(15, { tcp: true });

const SOURCE = `
CREATE TABLE items (id int PRIMARY KEY, v text);
INSERT INTO items SELECT i, repeat('x', 500) || i FROM generate_series(1, 4000) AS i;
CREATE TABLE notes (id int REFERENCES items);
INSERT INTO notes SELECT generate_series(1, 100);
CREATE INDEX ON items (v);
`;
const source = await server.createDatabase({ sql: SOURCE });
const folder = await backUp(server, source.url);

/** A living database: the same tables, with other rows and one table more. */
const living = () =>
  server.createDatabase({
    sql: `${SOURCE} DELETE FROM notes; INSERT INTO notes VALUES (7); CREATE TABLE mine AS SELECT 1 AS a;`,
  });

const DIFFERS: Comparison = {
  equal: false,
  differences: [{ category: "rows", kind: "changed", object: "TABLE items", detail: "3 999 rows instead of 4 000" }],
  notCompared: [],
  compared: {},
  rows: 0,
};

async function failing(run: () => Promise<unknown>): Promise<RestoreError> {
  const error = await assertRejects(run, RestoreError);
  assert(error instanceof RestoreError);
  return error;
}

/** Databases of the server that came from one: `name_restore_…`, `name_before_…`. */
const relatives = async ({ name }: TestDatabase) =>
  await server.cluster.psql(`SELECT datname FROM pg_database WHERE datname LIKE '${name}\\_%'`);

Deno.test("restore refuses a backup that does not verify; --force goes on and says so", async () => {
  const target = await living();
  const before = await dumpText(server, target);
  const verify = () => Promise.resolve(["db_full.dump: it is not what the manifest says"]);
  const error = await failing(() => restore(server, folder, target.url, {}, { verify }));
  assertEquals([error.code, error.report.targetState], ["refused", "nothing was changed"]);
  assertEquals(differingLines(await dumpText(server, target), before), []);
  const report = await restore(server, folder, target.url, { force: true }, { verify });
  assertStringIncludes(report.warnings.join("\n"), "the backup does not verify and is restored all the same");
});

Deno.test("restore does nothing to a database that is not empty when nobody agrees", async () => {
  const target = await living();
  const before = await dumpText(server, target);
  let backedUp = false;
  const error = await failing(() =>
    restore(server, folder, target.url, {}, {
      confirm: () => Promise.reject(new PgstrataError("Cannot restore: no", { code: "refused" })),
      safetyBackup: () => Promise.resolve(String(backedUp = true)),
    })
  );
  assertEquals([error.code, backedUp, await relatives(target)], ["refused", false, ""]);
  assertEquals(differingLines(await dumpText(server, target), before), []);
});

Deno.test("restore does nothing when the safety backup fails", async () => {
  const target = await living();
  const error = await failing(() =>
    restore(server, folder, target.url, { inPlace: true }, { safetyBackup: () => Promise.reject(new Error("no room")) })
  );
  assertEquals(error.report.targetState, "nothing was changed");
  assertEquals(await target.psql("SELECT count(*) FROM notes"), "1");
});

Deno.test("the plan of a swap and of a change in place names what goes, with rows", async () => {
  const target = await living();
  const swap = await restore(server, folder, target.url);
  assertEquals(swap.plans[0]?.overwritten, [{ object: "schema public: 3 tables", rows: 4002, estimated: false }]);
  const other = await living();
  const inPlace = await restore(server, folder, other.url, { inPlace: true });
  assertEquals(
    inPlace.plans[0]?.overwritten.map(({ object, rows }) => [object, rows]),
    [["table public.items", 4000], ["table public.mine (not in the backup)", 1], ["table public.notes", 1]],
  );
});

Deno.test("a swap that finds differences changes nothing and keeps the new database; --force swaps", async () => {
  const target = await living();
  const before = await dumpText(server, target);
  const compare = () => Promise.resolve(DIFFERS);
  const error = await failing(() => restore(server, folder, target.url, {}, { compare }));
  assertEquals(error.code, "not_good");
  assertStringIncludes(error.report.targetState, `database ${target.name} was not changed`);
  assertEquals(differingLines(await dumpText(server, target), before), []);
  const fresh = await relatives(target);
  assertEquals(await server.cluster.psql("SELECT count(*) FROM items", { database: fresh }), "4000");
  const report = await restore(server, folder, target.url, { force: true }, { compare });
  assertEquals([report.status, await target.psql("SELECT to_regclass('mine')")], ["differs", ""]);
});

Deno.test("a swap sends away who is connected, and its undo command brings the old database back", async () => {
  const target = await living();
  const sleeper = server.cluster.psql("SELECT pg_sleep(600)", { database: target.name });
  sleeper.catch(() => {});
  const report = await restore(server, folder, target.url);
  await assertRejects(() => sleeper);
  assertEquals(await target.psql("SELECT count(*) FROM notes"), "100");
  const status = await new Deno.Command("bash", {
    args: ["-c", report.undo ?? ""],
    env: { PATH: `${server.tools.folder}:${Deno.env.get("PATH")}` },
    stdout: "null",
    stderr: "null",
  }).spawn().status;
  assertEquals([status.success, await target.psql("SELECT count(*) FROM notes")], [true, "1"]);
});

for (const way of ["swap", "in_place"] as const) {
  Deno.test(`a restore (${way}) that is interrupted leaves the database as it was, and nothing beside it`, async () => {
    const target = await living();
    const before = await dumpText(server, target);
    const controller = new AbortController();
    const error = await failing(() =>
      restore(server, folder, target.url, { inPlace: way === "in_place" }, {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type !== "item") return;
          controller.abort(new PgstrataError("Cannot finish: interrupted", { code: "interrupted" }));
        },
      })
    );
    assertEquals([error.code, error.report.way, await relatives(target)], ["interrupted", way, ""]);
    assertStringIncludes(error.report.targetState, "nothing was changed");
    assertEquals(differingLines(await dumpText(server, target), before), []);
  });
}

Deno.test("a load into an empty database that is interrupted says that it holds a part", async () => {
  const target = await server.createDatabase();
  const controller = new AbortController();
  const error = await failing(() =>
    restore(server, folder, target.url, { jobs: 2 }, {
      signal: controller.signal,
      onEvent: (event) =>
        event.type === "item" && controller.abort(new PgstrataError("stopped", { code: "interrupted" })),
    })
  );
  assertEquals(error.code, "interrupted");
  assertStringIncludes(error.report.targetState, "holds a part of the backup now");
  assertEquals(error.report.notDone, ["load", "owners and privileges", "statistics", "compare"]);
});

Deno.test("a lock that somebody holds ends a change in place, which has changed nothing", async () => {
  const target = await living();
  const holder = server.cluster.psql("BEGIN; LOCK TABLE items IN ACCESS SHARE MODE; SELECT pg_sleep(600)", {
    database: target.name,
  });
  holder.catch(() => {});
  await until(async () =>
    await target.psql("SELECT count(*) FROM pg_locks WHERE relation = 'items'::regclass") === "1"
  );
  const error = await failing(() => restore(server, folder, target.url, { inPlace: true, lockTimeout: 300 }));
  assertStringIncludes(error.message, "somebody holds a lock");
  assertEquals(await target.psql("SELECT count(*) FROM notes"), "1");
  await target.psql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND pid <> pg_backend_pid()",
  );
  await assertRejects(() => holder);
});

Deno.test("pgstrata killed in the middle of a change in place leaves the database as it was", async () => {
  const target = await living();
  const before = await dumpText(server, target);
  // Held back by a lock, so that it is in the middle for sure.
  const holder = server.cluster.psql("BEGIN; LOCK TABLE notes IN ACCESS SHARE MODE; SELECT pg_sleep(601)", {
    database: target.name,
  });
  holder.catch(() => {});
  await until(async () =>
    await target.psql("SELECT count(*) FROM pg_locks WHERE relation = 'notes'::regclass") === "1"
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "tasks/main.ts", "restore", folder, "--to", target.url, "--in-place", "--yes", target.name],
      ...["--no-safety-backup", "--no-compare", "--dir", await scratchFolder()],
    ],
    env: envOf(server),
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  let ended = false;
  said.then(() => ended = true);
  const waiting =
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'psql' OR query LIKE 'DROP%'";
  await until(async () => ended || Number(await target.psql(waiting)) > 0);
  if (ended) throw new Error(`it ended before: ${await said}`);
  child.kill("SIGKILL");
  await child.status;
  await said;
  await target.psql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(601)' AND pid <> pg_backend_pid()",
  );
  await assertRejects(() => holder);
  const others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
  await until(async () => await target.psql(others) === "0");
  assertEquals(differingLines(await dumpText(server, target), before), []);
});

Deno.test("SQL files of a backup cannot run commands of psql, nor end the transaction unnoticed", async () => {
  const backup = await backUp(server, source.url);
  const flag = `${await scratchFolder()}/flag`;
  const data = `${backup}/public/tables/items/data.sql`;
  const original = await Deno.readTextFile(data);
  const options = { tier: "table", tables: ["public.items"] } as const;

  await Deno.writeTextFile(data, `${original}\n\\! touch ${flag}\n`);
  const target = await server.createDatabase();
  const error = await failing(() => restore(server, backup, target.url, options));
  assertStringIncludes(messageOf(error.cause), "backslash commands are restricted");
  await assertRejects(() => Deno.stat(flag), Deno.errors.NotFound);
  assertEquals(await target.psql("SELECT to_regclass('items')"), "");

  await Deno.writeTextFile(data, `${original}\nCOMMIT;\n`);
  const second = await failing(() => restore(server, backup, target.url, options));
  assertStringIncludes(second.report.targetState, "a part was committed");

  const schema = `${backup}/public/tables/items/schema.sql`;
  await Deno.writeTextFile(data, original);
  await Deno.writeTextFile(schema, `\\! touch ${flag}\n${await Deno.readTextFile(schema)}`);
  const third = await server.createDatabase();
  await failing(() => restore(server, backup, third.url, options));
  await assertRejects(() => Deno.stat(flag), Deno.errors.NotFound);
});

Deno.test("production is recognised by name, address and the server's own identifier", async () => {
  const { signal } = new AbortController();
  const bySocket = targetOf(source.url);
  const byTcp = targetOf(server.cluster.url(source.name, "tcp"));
  assert(await isSameDatabase(bySocket, byTcp, signal));
  assert(!await isSameDatabase(bySocket, targetOf(server.cluster.url("postgres", "tcp")), signal));
  const error = await assertRejects(() => refuseProduction(bySocket, byTcp, signal), PgstrataError);
  assertEquals([error.code, error.exit], ["refused", 7]);
  await refuseProduction(targetOf(server.cluster.url("postgres")), byTcp, signal);
  const project = targetOf("postgresql://postgres.abcdefghijklmnopqrst@aws-0-eu.pooler.supabase.com:5432/postgres");
  assert(
    await isSameDatabase(
      project,
      targetOf("postgresql://postgres@db.abcdefghijklmnopqrst.supabase.co:5432/postgres"),
      signal,
    ),
  );
});

/** Polls until something is so, for at most two minutes. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error("it never came so");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
