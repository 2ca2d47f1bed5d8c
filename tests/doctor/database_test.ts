import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Secret } from "../../lib/base/mod.ts";
import { openSession, parseConnectionString, pinTarget, type Session } from "../../lib/connection/mod.ts";
import {
  type Check,
  connectionCheck,
  extensionChecks,
  lockTableCheck,
  roomCheck,
  rowsIn,
  standbyChecks,
  transactionCheck,
} from "../../lib/doctor/mod.ts";
import { readRelations, type Relation } from "../../lib/inventory/mod.ts";
import { DisposableCluster } from "../../lib/postgres/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { examined, expectCheck, PASSWORD, QUIET, targetOf } from "./doctor_fixture.ts";

const SETTINGS = {
  ...QUIET,
  max_connections: "14",
  superuser_reserved_connections: "3",
  max_prepared_transactions: "2",
};
const EVERYTHING = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };

async function connect(url: string): Promise<Session> {
  return await openSession(await pinTarget(parseConnectionString(url, { environment: "prod", source: "x", env: {} })));
}

for (const major of testedMajors()) {
  const server = await testServer(major, { settings: SETTINGS, tcp: { password: new Secret(PASSWORD) } });
  const { cluster } = server;
  const role = async (database: { psql(sql: string): Promise<string> }, attributes = "") => {
    const name = `reader_${crypto.randomUUID().slice(0, 8)}`;
    await database.psql(`CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}' ${attributes}`);
    return name;
  };
  const as = (user: string, database: { readonly name: string }) =>
    targetOf(`postgresql://${user}@127.0.0.1:${cluster.port}/${database.name}`);
  const titled = (title: string) => `PostgreSQL ${major}: ${title}`;

  Deno.test(titled("relations that the role cannot read are named one by one, with the grant as the fix"), async () => {
    const database = await server.createDatabase("empty");
    await database.psql(`CREATE TABLE public.orders (id int); CREATE TABLE public.open (id int);
      CREATE SCHEMA "Closed"; CREATE TABLE "Closed".items (id int); CREATE SEQUENCE public.numbers;
      CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    const user = await role(database);
    await database.psql(`GRANT USAGE ON SCHEMA public TO ${user}; GRANT SELECT ON public.open TO ${user}`);
    const { checks } = await examined(as(user, database));
    const { details, fix, message } = expectCheck(checks, "privileges", "problem");
    assertEquals(details, [
      '"Closed".items: no USAGE on its schema',
      "public.numbers: no SELECT",
      "public.orders: no SELECT",
    ]);
    assertStringIncludes(message, "cannot read 3 of 4");
    const grant = major >= 14
      ? `GRANT pg_read_all_data TO ${user}`
      : `GRANT USAGE ON SCHEMA "Closed", public TO ${user}`;
    assertStringIncludes(fix ?? "", grant);
    assertStringIncludes(expectCheck(checks, "roles", "ok").message, "without password hashes");
  });

  Deno.test(
    titled("schemas that are closed to the role are named once: no other check fails on their account"),
    async () => {
      const database = await server.createDatabase("empty");
      await database.psql(`CREATE SCHEMA storage; CREATE TABLE storage.objects (id int);
      CREATE SCHEMA vault; CREATE TABLE vault.secrets (id int); REVOKE ALL ON SCHEMA storage, vault FROM PUBLIC`);
      const user = await role(database);
      const { checks } = await examined(as(user, database));
      assertEquals(checks.filter(({ state }) => state === "problem").map(({ name }) => name), ["privileges"]);
      await using session = await openSession(await pinTarget(as(user, database)));
      assertEquals(await rowsIn(session)("vault", "secrets"), null);
      assertEquals(await rowsIn(session)("vault", "nothing"), false);
    },
  );

  Deno.test(titled("row-level security that hides rows is a problem; the fix, done, makes it go away"), async () => {
    const database = await server.createDatabase("empty");
    await database.psql(`CREATE TABLE public.notes (id int); ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY`);
    const user = await role(database);
    await database.psql(`GRANT USAGE ON SCHEMA public TO ${user}; GRANT SELECT ON public.notes TO ${user}`);
    const before = await examined(as(user, database));
    const { fix, details } = expectCheck(before.checks, "row_security", "problem");
    assertEquals(details, ["public.notes"]);
    const sql = /psql -c '(.*)'/.exec(fix ?? "")?.[1];
    assertEquals(sql, `ALTER ROLE ${user} BYPASSRLS`);
    await database.psql(sql ?? "");
    expectCheck((await examined(as(user, database))).checks, "row_security", "ok");
  });

  Deno.test(titled("a role that sees all rows without BYPASSRLS is warned of the next policy"), async () => {
    const database = await server.createDatabase("empty");
    const user = await role(database);
    await database.psql(`CREATE TABLE public.own (id int); ALTER TABLE public.own OWNER TO ${user};
      ALTER TABLE public.own ENABLE ROW LEVEL SECURITY`);
    assertStringIncludes(
      expectCheck((await examined(as(user, database))).checks, "row_security", "warning").message,
      "no BYPASSRLS",
    );
  });

  Deno.test(titled("large objects of others are a problem"), async () => {
    const database = await server.createDatabase("empty");
    await database.psql("SELECT lo_from_bytea(0, 'x')");
    const { message } = expectCheck(
      (await examined(as(await role(database), database))).checks,
      "large_objects",
      "problem",
    );
    assertStringIncludes(message, "cannot read 1 large objects");
  });

  Deno.test(titled("nearly used connections lower --jobs, and none left for a reader is a problem"), async () => {
    const database = await server.createDatabase("empty");
    const user = await role(database);
    const room = expectCheck((await examined(as(user, database), { jobs: 2 })).checks, "connections", "ok");
    assertMatch(room.message, /\d+ connections are free \(\d+ of 14 used, 3 reserved\): room for --jobs 2/);
    const warned = await examined(as(user, database), { jobs: 9 });
    assertMatch(expectCheck(warned.checks, "connections", "warning").fix ?? "", /^pgstrata backup \S+ --jobs \d/);
    const limited = await role(database, "CONNECTION LIMIT 2");
    const { message, fix } = expectCheck((await examined(as(limited, database))).checks, "connections", "problem");
    assertStringIncludes(message, "not enough even for one reader");
    assertEquals(fix, "End idle clients, or raise the role's or the database's CONNECTION LIMIT");
  });

  Deno.test(titled("a server without a free connection explains itself at the login"), async () => {
    const database = await server.createDatabase("empty");
    const user = await role(database, "CONNECTION LIMIT 0");
    const { message, fix } = expectCheck((await examined(as(user, database))).checks, "login", "problem");
    assertStringIncludes(message, "no connection is free");
    assertStringIncludes(fix ?? "", "max_connections");
  });

  Deno.test(titled("the session pooler's 15 clients limit --jobs, and the fix speaks of its pool size"), async () => {
    const database = await server.createDatabase("empty");
    const pinned = await pinTarget(targetOf(database.url));
    await using session = await openSession({ ...pinned, kind: "supabase_session_pooler" });
    const { state, fix } = await connectionCheck(session, 14);
    assertEquals(state, "warning");
    assertMatch(fix ?? "", /^pgstrata backup \S+ --jobs \d {3}# or raise the pool size/);
  });

  Deno.test(titled("files of Storage, which no database backup has, are told with their number"), async () => {
    const database = await server.createDatabase("empty");
    await database.psql("CREATE SCHEMA storage; CREATE TABLE storage.objects (id int)");
    const target = targetOf(database.url);
    const none = (await examined(target)).checks.filter(({ name }) => name === "storage_files");
    await database.psql("INSERT INTO storage.objects SELECT generate_series(1, 1234)");
    assertEquals(none, []);
    assertStringIncludes(expectCheck((await examined(target)).checks, "storage_files", "ok").message, "1 234 files");
  });

  Deno.test(titled("files of Storage that row level security hides are left to the finding about it"), async () => {
    const database = await server.createDatabase("empty");
    const user = await role(database);
    await database.psql(`CREATE SCHEMA storage; CREATE TABLE storage.objects (id int);
      ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
      GRANT USAGE ON SCHEMA storage TO ${user}; GRANT SELECT ON storage.objects TO ${user}`);
    const { checks } = await examined(as(user, database));
    assertEquals(checks.filter(({ name }) => name === "storage_files"), []);
    assertStringIncludes(expectCheck(checks, "row_security", "problem").details.join(" "), "storage.objects");
  });

  Deno.test(titled("a long transaction and what it locks are named with their process"), async () => {
    const database = await server.createDatabase("empty");
    await database.psql("CREATE TABLE public.busy (id int)");
    await using other = await connect(database.url);
    await other.execute("BEGIN; LOCK TABLE public.busy IN ACCESS EXCLUSIVE MODE");
    const target = targetOf(database.url);
    const { checks } = await examined(target, { longTransaction: 0 });
    const long = expectCheck(checks, "long_transactions", "warning");
    assertEquals(long.fix, `psql -c 'SELECT pg_terminate_backend(${other.backendPid})'`);
    assertMatch(long.details[0] ?? "", /^process \d+ of postgres, idle in transaction, for .*LOCK TABLE public\.busy/);
    const lock = expectCheck(checks, "locks", "problem");
    assertStringIncludes(lock.details[0] ?? "", `public.busy: process ${other.backendPid} of postgres holds it`);
    await other.execute("ROLLBACK");
    expectCheck((await examined(target, { longTransaction: 0 })).checks, "locks", "ok");
  });

  Deno.test(
    titled("a prepared transaction that was forgotten is found, with ROLLBACK PREPARED as the fix"),
    async () => {
      const database = await server.createDatabase("empty");
      await database.psql("CREATE TABLE t (id int); BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'forgotten'");
      await using session = await connect(database.url);
      const check = await transactionCheck(session, 0);
      await database.psql("ROLLBACK PREPARED 'forgotten'");
      assertEquals([check.state, check.fix], ["warning", `psql -c "ROLLBACK PREPARED 'forgotten'"`]);
    },
  );

  Deno.test(titled("a statement_timeout of the role is told, and is off in our sessions"), async () => {
    const database = await server.createDatabase("empty");
    const user = await role(database);
    await database.psql(`ALTER ROLE ${user} SET statement_timeout = '2min'`);
    const check = expectCheck((await examined(as(user, database))).checks, "statement_timeout", "ok");
    assertEquals(check.details, ["statement_timeout is 2m"]);
    assertStringIncludes(check.message, "By hand begin with SET statement_timeout = 0");
  });

  Deno.test(titled("more tables than the lock table has room for are a problem"), async () => {
    const database = await server.createDatabase("empty");
    await using session = await connect(database.url);
    const relation = (index: number) =>
      ({ oid: index, schema: "public", name: `t${index}`, kind: "table" }) as Relation;
    const many = Array.from({ length: 256 * 16 + 1 }, (_, index) => relation(index));
    const { state, fix } = await lockTableCheck(session, many);
    assertEquals(state, "problem");
    assertMatch(fix ?? "", /ALTER SYSTEM SET max_locks_per_transaction = \d+/);
    assertEquals((await lockTableCheck(session, many.slice(0, 10))).state, "ok");
  });

  Deno.test(titled("an extension whose rows pg_dump leaves out is named with its tables"), async () => {
    const database = await server.createDatabase("empty");
    await database.psql("CREATE EXTENSION pgstrata_test");
    const { details } = expectCheck(
      (await examined(targetOf(database.url))).checks,
      "extension:pgstrata_test",
      "warning",
    );
    assertEquals(details, ["pgstrata_test.queue"]);
  });

  Deno.test(titled("vault's missing root key is a warning once there are secrets, and only told before"), async () => {
    const database = await server.createDatabase("empty");
    await database.psql("CREATE SCHEMA vault; CREATE TABLE vault.secrets (id int)");
    await using session = await connect(database.url);
    const relations = await readRelations(session, EVERYTHING, { withSizes: false });
    const vault = [{ name: "supabase_vault", version: "0.3.1", schema: "vault" }];
    const look = async (): Promise<Check | undefined> => (await extensionChecks(vault, relations, rowsIn(session)))[0];
    assertEquals((await look())?.state, "ok");
    await database.psql("INSERT INTO vault.secrets VALUES (1)");
    const found = await look();
    assertEquals(found?.state, "warning");
    assertStringIncludes(found?.message ?? "", "the root key is not");
    assertStringIncludes(found?.fix ?? "", "/pgsodium");
  });

  Deno.test(titled("a standby that cancels long reads is a warning, hot_standby_feedback the fix"), async () => {
    const settings = { ...QUIET, wal_level: "replica", max_wal_senders: "3" };
    await using primary = await DisposableCluster.start({ tools: server.tools, settings });
    await using standby = await DisposableCluster.startStandby(primary, { settings: QUIET });
    await using session = await connect(standby.url());
    const checks = await standbyChecks(session);
    assertStringIncludes(expectCheck(checks, "standby_conflicts", "warning").fix ?? "", "hot_standby_feedback = on");
    expectCheck(checks, "standby_lag", "ok");
    await using first = await connect(primary.url());
    assertEquals(await standbyChecks(first), []);
  });
}

for (
  const [name, text] of [
    ["pgmq", "table tier"],
    ["pg_cron", "start them at once"],
    ["timescaledb", "timescaledb_pre_restore()"],
    ["pgsodium", "root key"],
  ] as const
) {
  Deno.test(`the meaning of a backup for ${name} is told, with what to do`, async () => {
    const [check] = await extensionChecks([{ name, version: "1.0", schema: "x" }], [], () => Promise.resolve(null));
    assertEquals(check?.state, "warning");
    assertStringIncludes(check?.message ?? "", text);
    assert(check?.fix !== null);
  });
}

Deno.test("room for less than one backup is a problem, for less than two a warning", () => {
  const estimate = { full: 10, schema: 10, table: 30, peak: 60, duration: 1, basis: "a guess" };
  assertEquals([59, 60, 120].map((free) => roomCheck(estimate, free, "/backups").state), ["problem", "warning", "ok"]);
  assertStringIncludes(roomCheck(estimate, 1, "/backups").fix ?? "", "pgstrata prune");
});
