import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import {
  type LockableRelation,
  openSession,
  openSnapshot,
  QueryError,
  type Session,
  toolEnvironment,
} from "../../lib/connection/mod.ts";
import { eventually, TestServer } from "./server_fixture.ts";

let server: TestServer;
Deno.test.beforeAll(async () => {
  server = await TestServer.start({ max_locks_per_transaction: "256" });
});
Deno.test.afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

let databases = 0;

/** A database of its own for each test, and each repetition of it. */
async function freshDatabase(label: string, sql: string): Promise<{ session: Session; other: Session }> {
  const name = `${label}_${databases++}`;
  {
    await using admin = await openSession(server.target());
    await admin.execute(`CREATE DATABASE ${name}`);
  }
  const session = await openSession(server.target({ database: name }));
  const other = await openSession(server.target({ database: name }));
  await other.execute(sql);
  return { session, other };
}

function lister(session: Session): () => Promise<LockableRelation[]> {
  return () =>
    session.query<LockableRelation & Record<string, unknown>>(
      `SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
    );
}

Deno.test("openSnapshot() exports a snapshot that stays as it was, for other sessions too", async () => {
  const { session, other } = await freshDatabase("stays", "CREATE TABLE public.t AS SELECT 1 AS n");
  await using _1 = session, _2 = other;
  {
    await using snapshot = await openSnapshot(session, { listRelations: lister(session), lockTimeout: 5_000 });
    assertMatch(snapshot.walPosition ?? "", /^[0-9A-F]+\/[0-9A-F]+$/);
    assert(Math.abs(snapshot.time.getTime() - Date.now()) < 60_000);
    assertEquals(snapshot.relations.map(({ name }) => name), ["t"]);
    await other.execute("INSERT INTO public.t VALUES (2)");
    assertEquals(await session.query("SELECT count(*)::int AS n FROM public.t"), [{ n: 1 }]);
    await other.execute(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '${snapshot.id}'`,
    );
    assertEquals(await other.query("SELECT count(*)::int AS n FROM public.t"), [{ n: 1 }]);
    await other.execute("COMMIT");
    // What is locked cannot be truncated or dropped.
    await other.execute("SET lock_timeout = 50");
    const error = await assertRejects(() => other.execute("TRUNCATE public.t"), QueryError);
    assertEquals(error.sqlstate, "55P03");
  }
  await other.execute("TRUNCATE public.t");
  assertEquals(await session.query("SELECT count(*)::int AS n FROM public.t"), [{ n: 0 }]);
});

Deno.test("openSnapshot() shows pg_dump --snapshot the same rows", async () => {
  const { session, other } = await freshDatabase("dumped", "CREATE TABLE public.t AS SELECT 1 AS n");
  await using _1 = session, _2 = other;
  await using snapshot = await openSnapshot(session, { listRelations: lister(session), lockTimeout: 5_000 });
  await other.execute("INSERT INTO public.t VALUES (2); CREATE TABLE public.later AS SELECT 3 AS n");
  await using folder = await TempFolder.create();
  const dump = await processText({
    program: "/usr/lib/postgresql/15/bin/pg_dump",
    args: [`--snapshot=${snapshot.id}`],
    env: await toolEnvironment(session.target, folder.path),
  });
  assertMatch(dump, /COPY public\.t \(n\) FROM stdin;\n1\n\\\.\n/);
  assertEquals(dump.includes("later"), false);
});

Deno.test("openSnapshot() agrees with itself while other sessions create, drop and truncate tables", async () => {
  const { session, other } = await freshDatabase("racing", "CREATE TABLE public.steady AS SELECT 1 AS n");
  await using _1 = session, _2 = other;
  const done = new AbortController();
  let rounds = 0;
  // Rounds of the other session in one attempt of ours: each can lose us two races, and with ten it would be given up.
  let allowance = 3;
  const racing = (async () => {
    for (; !done.signal.aborted; rounds++) {
      await eventually("an attempt", () => Promise.resolve(done.signal.aborted || allowance > 0));
      allowance--;
      await other.execute(`CREATE TABLE public.r${rounds} AS SELECT generate_series(1, 10) AS n`);
      if (rounds >= 3) await other.execute(`DROP TABLE public.r${rounds - 3}`);
      await other.execute(`BEGIN; TRUNCATE public.steady; INSERT INTO public.steady VALUES (1); COMMIT`);
    }
  })();
  let told = 0;
  try {
    await eventually("the other session's work", () => Promise.resolve(rounds > 2));
    // Until a race was lost, however fast this machine is.
    for (let attempt = 0; attempt < 40 || (told === 0 && attempt < 3000); attempt++) {
      allowance = 2;
      const listed = lister(session);
      await using snapshot = await openSnapshot(session, {
        listRelations: listed,
        lockTimeout: 20_000,
        onRetry: () => told++,
      });
      assertEquals(
        (await listed()).map(({ oid }) => oid).sort(),
        snapshot.relations.map(({ oid }) => oid).sort(),
      );
      for (const { name } of snapshot.relations) {
        const [row] = await session.query<{ n: number }>(`SELECT count(*)::int AS n FROM public.${name}`);
        assertEquals(row?.n, name === "steady" ? 1 : 10, `${name} was read torn`);
      }
    }
  } finally {
    done.abort();
    await racing;
  }
  assert(rounds > 5, "the other session did nothing");
  assert(told > 0, "no race was ever lost: the test proves nothing");
});

Deno.test("openSnapshot() starts anew when a listed table is gone, renamed or replaced", async () => {
  const { session, other } = await freshDatabase(
    "replaced",
    "CREATE TABLE public.a (n int); CREATE TABLE public.b (n int)",
  );
  await using _1 = session, _2 = other;
  const changes = [
    "DROP TABLE public.a",
    "ALTER TABLE public.b RENAME TO c",
    "DROP TABLE public.c; CREATE TABLE public.c (m int)",
  ];
  const list = lister(session);
  await using snapshot = await openSnapshot(session, {
    listRelations: async () => {
      const listed = await list();
      // Under the snapshot the tables are locked against what we do to them here.
      const [now] = await session.query<{ outside: boolean }>("SELECT now() = statement_timestamp() AS outside");
      const change = now?.outside === true ? changes.shift() : undefined;
      if (change !== undefined) await other.execute(change);
      return listed;
    },
    lockTimeout: 5_000,
  });
  assertEquals(changes, []);
  assertEquals(
    snapshot.relations,
    await other.query(
      "SELECT oid, 'public' AS schema, relname AS name, relkind::text AS kind FROM pg_class WHERE relname = 'c'",
    ) as unknown as LockableRelation[],
  );
});

Deno.test("openSnapshot() gives up with a hint when tables change in every attempt", async () => {
  const { session, other } = await freshDatabase("endless", "CREATE TABLE public.a (n int)");
  await using _1 = session, _2 = other;
  const list = lister(session);
  let n = 0;
  const error = await assertRejects(() =>
    openSnapshot(session, {
      listRelations: async () => {
        const listed = await list();
        await other.execute(`CREATE TABLE public.n${n++} (n int)`);
        return listed;
      },
      lockTimeout: 60_000,
    }), PgstrataError);
  assertMatch(error.message, /in each of 10 attempts/);
  assertMatch(error.hint ?? "", /migrations/);
  assertEquals(await session.query("SELECT 1 AS n"), [{ n: 1 }]);
});

Deno.test("openSnapshot() names who holds a lock, with what query", async () => {
  const { session, other } = await freshDatabase(
    "held",
    'CREATE TABLE public.a (n int); CREATE TABLE public."B" (n int)',
  );
  await using _1 = session, _2 = other;
  await other.execute('BEGIN; LOCK TABLE public."B" IN ACCESS EXCLUSIVE MODE');
  const error = await assertRejects(
    () => openSnapshot(session, { listRelations: lister(session), lockTimeout: 700 }),
    PgstrataError,
  );
  assertEquals(error.message, 'Cannot lock the tables: public."B" was locked for more than 0.7 s');
  assertEquals(error.context, { table: 'public."B"', pid: other.backendPid, user: "admin" });
  assertMatch(error.hint ?? "", new RegExp(`Process ${other.backendPid} of user "admin" .*LOCK TABLE public."B"`));
  await other.execute("ROLLBACK");
  await using snapshot = await openSnapshot(session, { listRelations: lister(session), lockTimeout: 700 });
  assertEquals(snapshot.relations.length, 2);
});

Deno.test("openSnapshot() waits for a lock and goes on when it is free", async () => {
  const { session, other } = await freshDatabase(
    "freed",
    "CREATE TABLE public.a (n int); CREATE TABLE public.b (n int)",
  );
  await using _1 = session, _2 = other;
  await other.execute("BEGIN; ALTER TABLE public.b ADD COLUMN m int");
  const told: string[] = [];
  const opening = openSnapshot(session, {
    listRelations: lister(session),
    lockTimeout: 30_000,
    onRetry: (message) => told.push(message),
  });
  await eventually("the wait", () => Promise.resolve(told.length > 0));
  assertMatch(told[0] ?? "", /lock on public\.b/);
  await other.execute("COMMIT");
  await using snapshot = await opening;
  assertEquals(snapshot.relations.length, 2);
});

Deno.test("openSnapshot() never makes another session the victim of a deadlock", async () => {
  const tables = Array.from({ length: 6 }, (_, n) => `CREATE TABLE public.t${n} (n int);`).join("");
  const { session, other } = await freshDatabase("deadlock", tables);
  await using _1 = session, _2 = other;
  // Locks t5, then wants t0: the other way round than by the list.
  await other.execute("BEGIN; LOCK TABLE public.t5 IN ACCESS EXCLUSIVE MODE");
  const told: string[] = [];
  const opening = openSnapshot(session, {
    listRelations: async () => (await lister(session)()).toSorted((a, b) => a.name.localeCompare(b.name)),
    lockTimeout: 30_000,
    onRetry: (message) => told.push(message),
  });
  await eventually("the wait", () => Promise.resolve(told.length > 0));
  await other.execute("LOCK TABLE public.t0 IN ACCESS EXCLUSIVE MODE");
  await other.query("SELECT pg_sleep(1.5)::text AS s");
  await other.execute("COMMIT");
  await using snapshot = await opening;
  assertNotEquals(snapshot.id, "");
  assertEquals((await server.log()).includes("deadlock detected"), false);
});

Deno.test("openSnapshot() stops waiting when aborted", async () => {
  const { session, other } = await freshDatabase("aborted", "CREATE TABLE public.a (n int)");
  await using _1 = session, _2 = other;
  await other.execute("BEGIN; LOCK TABLE public.a");
  const controller = new AbortController();
  const opening = openSnapshot(session, {
    listRelations: lister(session),
    lockTimeout: 600_000,
    signal: controller.signal,
    onRetry: () => controller.abort(new Error("enough")),
  });
  await assertRejects(() => opening, Error, "enough");
  await other.execute("ROLLBACK");
});

Deno.test("openSnapshot() locks 5 000 tables in few round trips", async () => {
  const { session, other } = await freshDatabase(
    "many",
    "DO $$ BEGIN FOR n IN 1..5000 LOOP EXECUTE format('CREATE TABLE public.%I (n int)', 'T ' || n); END LOOP; END $$",
  );
  await using _1 = session, _2 = other;
  await session.execute("SET log_statement = 'all'");
  const before = (await server.log()).length;
  await using snapshot = await openSnapshot(session, { listRelations: lister(session), lockTimeout: 600_000 });
  assertEquals(snapshot.relations.length, 5_000);
  const log = (await server.log()).slice(before);
  const [locks] = await session.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_locks WHERE mode = 'AccessShareLock' AND pid = pg_backend_pid()",
  );
  assert((locks?.n ?? 0) >= 5_000);
  const messages = log.match(/LOG: {2}(?:statement|execute .*?):/g)?.length ?? 0;
  assert(messages >= 3 && messages < 20, `${messages} messages to the server`);
  assert(
    log.includes('ONLY "public"."T 5000"') || log.includes('ONLY public."T 5000"'),
    "the locks are not in the log",
  );
});

Deno.test("openSnapshot() says what to raise when the server's lock table is full", async () => {
  await using small = await TestServer.start({ max_locks_per_transaction: "10", max_connections: "10" });
  await using session = await openSession(small.target());
  await using other = await openSession(small.target());
  for (let block = 0; block < 30; block++) {
    await other.execute(
      `DO $$ BEGIN FOR n IN 1..50 LOOP EXECUTE format('CREATE TABLE public.%I ()', 't${block}_' || n); END LOOP; END $$`,
    );
  }
  const error = await assertRejects(
    () => openSnapshot(session, { listRelations: lister(session), lockTimeout: 5_000 }),
    PgstrataError,
  );
  assertEquals(error.message, "Cannot lock 1500 tables: the server's lock table is full");
  assertMatch(error.hint ?? "", /max_locks_per_transaction/);
});

Deno.test("openSnapshot() keeps its session alive with signs of life and tells when it is lost", async () => {
  const { session, other } = await freshDatabase("alive", "CREATE TABLE public.a (n int)");
  await using _1 = session, _2 = other;
  const snapshot = await openSnapshot(session, { listRelations: lister(session), lockTimeout: 5_000, heartbeat: 20 });
  const lastQuery = async () =>
    (await other.query<{ query: string; at: Date }>(
      "SELECT query, query_start AS at FROM pg_stat_activity WHERE pid = $1",
      [session.backendPid],
    ))[0];
  await eventually("a sign of life", async () => (await lastQuery())?.query === "SELECT 1");
  const first = (await lastQuery())?.at.getTime() ?? 0;
  await eventually("another", async () => ((await lastQuery())?.at.getTime() ?? 0) > first);
  await other.query("SELECT pg_terminate_backend($1, 5000)", [session.backendPid]);
  await eventually("the loss", () => Promise.resolve(snapshot.lost.aborted));
  assertEquals((snapshot.lost.reason as PgstrataError).code, "connection");
  await snapshot[Symbol.asyncDispose]();
});

Deno.test("openSnapshot() does without the WAL position where the role may not ask", async () => {
  const { session, other } = await freshDatabase("no_wal", "CREATE TABLE public.a (n int)");
  const role = `modest_${databases}`;
  await using _1 = session, _2 = other;
  await other.execute(
    `CREATE ROLE ${role}; GRANT SELECT ON public.a TO ${role}; REVOKE EXECUTE ON FUNCTION pg_catalog.pg_current_wal_lsn() FROM PUBLIC`,
  );
  await session.execute(`SET ROLE ${role}`);
  await using snapshot = await openSnapshot(session, { listRelations: lister(session), lockTimeout: 5_000 });
  assertEquals(snapshot.walPosition, null);
  assertEquals(await session.query("SELECT count(*)::int AS n FROM public.a"), [{ n: 0 }]);
});

Deno.test("openSnapshot() names the missing privilege when a table may not be read", async () => {
  const { session, other } = await freshDatabase(
    "forbidden",
    "CREATE TABLE public.a (n int); DROP ROLE IF EXISTS nothing; CREATE ROLE nothing",
  );
  await using _1 = session, _2 = other;
  await session.execute("SET ROLE nothing");
  const error = await assertRejects(
    () => openSnapshot(session, { listRelations: lister(session), lockTimeout: 5_000 }),
    PgstrataError,
  );
  assertEquals(error.message, "Cannot lock the tables: this role may not read all of them");
  assertMatch(error.hint ?? "", /permission denied for table a/);
});
