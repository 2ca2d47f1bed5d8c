import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { errorText, PgstrataError, Secret } from "../../lib/base/mod.ts";
import { openSession, QueryError } from "../../lib/connection/mod.ts";
import { eventually, NOBODYS_PORT, PASSWORD, TestServer } from "./server_fixture.ts";

const ONCE = { attempts: 1, firstWait: 1, longestWait: 1 };
const QUICK = { attempts: 3, firstWait: 10, longestWait: 20 };
const quick = { retry: ONCE, retryFull: ONCE };

let server: TestServer;
Deno.test.beforeAll(async () => {
  server = await TestServer.start({
    statement_timeout: "120000",
    max_connections: "12",
    superuser_reserved_connections: "3",
  });
  await using admin = await openSession(server.target());
  await admin.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'; CREATE ROLE tls_only LOGIN PASSWORD 'x'");
});
Deno.test.afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function failure(promise: Promise<unknown>): Promise<PgstrataError> {
  const error = await assertRejects(() => promise, PgstrataError);
  assertEquals(errorText(error).includes(PASSWORD), false, "the password is in the error");
  return error;
}

Deno.test("openSession() tells the server's version, process and role in replication", async () => {
  await using session = await openSession(server.target());
  assertEquals(session.serverMajor, 15);
  assertEquals(Math.floor(session.serverVersionNum / 10_000), 15);
  assertMatch(session.serverVersion, /^15\./);
  assertEquals(session.inRecovery, false);
  assertEquals(session.pooled, false);
  const [row] = await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  assertEquals(row?.pid, session.backendPid);
});

Deno.test("openSession() turns every timeout off and hides nothing behind row security", async () => {
  await using session = await openSession(server.target(), { applicationName: "sentence" });
  const rows = await session.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name = ANY($1) ORDER BY name",
    [[
      "statement_timeout",
      "lock_timeout",
      "idle_in_transaction_session_timeout",
      "row_security",
      "search_path",
      "application_name",
    ]],
  );
  assertEquals(Object.fromEntries(rows.map(({ name, setting }) => [name, setting])), {
    application_name: "sentence",
    idle_in_transaction_session_timeout: "0",
    lock_timeout: "0",
    row_security: "off",
    search_path: "",
    statement_timeout: "0",
  });
});

Deno.test("query() gives rows as objects, int8 and numeric as strings, arrays as arrays", async () => {
  await using session = await openSession(server.target());
  const rows = await session.query(
    `SELECT 9007199254740993::int8 AS big, 1.10::numeric AS numeric, 7::int4 AS int, true AS bool, NULL AS none,
       ARRAY['a', NULL, 'b "c" \\ , {d}'] AS texts, ARRAY[[1, 2], [3, 4]] AS ints, '{x,y}'::name[] AS names,
       '{"a": [1]}'::jsonb AS json, '\\x00ff'::bytea AS bytes, '2024-01-02 03:04:05.678+00'::timestamptz AS time`,
  );
  const [{ bytes, ...row } = {}] = rows;
  assertEquals(row, {
    big: "9007199254740993",
    numeric: "1.10",
    int: 7,
    bool: true,
    none: null,
    texts: ["a", null, 'b "c" \\ , {d}'],
    ints: [[1, 2], [3, 4]],
    names: ["x", "y"],
    json: { a: [1] },
    time: new Date("2024-01-02T03:04:05.678Z"),
  });
  assertEquals([...bytes as Uint8Array], [0, 255]);
});

Deno.test("query() passes parameters of every kind as values", async () => {
  await using session = await openSession(server.target());
  const text = `'; DROP TABLE x; -- \\ "`;
  const [row] = await session.query(
    "SELECT $1::text AS t, $2::int4 AS i, $3::text[] AS ts, $4::int8[] AS bs, $5::bool AS b, $6::jsonb AS j, $7::jsonb AS js, $8::timestamptz::text AS time, $9::text AS n",
    [text, 5, [text, null, ""], ["1", 2n], false, { a: text }, '{"b":1}', "2024-01-01 00:00:00.123456+00", null],
  );
  assertEquals(row, {
    t: text,
    i: 5,
    ts: [text, null, ""],
    bs: ["1", "2"],
    b: false,
    j: { a: text },
    js: { b: 1 },
    time: (row as { time: string }).time,
    n: null,
  });
  assertStringIncludes((row as { time: string }).time, ".123456");
});

Deno.test("execute() runs several statements, and queries queue up in order", async () => {
  await using session = await openSession(server.target(), { searchPath: "public" });
  await session.execute("CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
  const results = await Promise.all(
    [1, 2, 3, 4].map((n) => session.query(`SELECT ${n} AS n, pg_sleep(0.01)::text AS s`)),
  );
  assertEquals(results.map(([row]) => row?.n), [1, 2, 3, 4]);
  assertEquals(await session.query("SELECT n FROM t ORDER BY n"), [{ n: 1 }, { n: 2 }]);
});

Deno.test("query() rejects with a QueryError for a refused statement, and the session goes on", async () => {
  await using session = await openSession(server.target());
  const error = await assertRejects(() => session.query("SELECT * FROM no.such_table"), QueryError);
  assertEquals(error.sqlstate, "42P01");
  assertEquals(error.serverMessage, 'relation "no.such_table" does not exist');
  assertEquals(error.exit, 1);
  const withParameter = await assertRejects(() => session.query("SELECT 1 / $1::int AS n", [0]), QueryError);
  assertEquals(withParameter.sqlstate, "22012");
  assertEquals(await session.query("SELECT 1 AS n"), [{ n: 1 }]);
});

Deno.test("openSession() hands notices over instead of printing them", async () => {
  const notices: string[] = [];
  await using session = await openSession(server.target(), { onNotice: (notice) => notices.push(notice) });
  await session.execute("DO $$ BEGIN RAISE WARNING 'look here'; END $$");
  assertEquals(notices, ["WARNING: look here"]);
});

const REFUSALS: readonly [string, () => Parameters<TestServer["target"]>[0], RegExp, RegExp][] = [
  ["a wrong password", () => ({ password: new Secret("wrong") }), /the password is wrong/, /percent-encoded/],
  [
    "a missing password",
    () => {
      const { password: _, ...rest } = server.target();
      return { ...rest, password: undefined } as never;
    },
    /the server wants a password/,
    /No password was given/,
  ],
  ["an unknown database", () => ({ database: "nowhere" }), /database "nowhere" does not exist/, /end of the URL/],
  ["an unknown role", () => ({ user: "nobody" }), /the password is wrong/, /Check the password/],
  [
    "a server that wants TLS",
    () => ({ user: "tls_only", password: new Secret("x") }),
    /only encrypted/,
    /sslmode=require/,
  ],
  ["a refused port", () => ({ port: NOBODYS_PORT }), /nothing listens on that port/, /Check host and port/],
  ["a missing socket", () => ({ host: "/nowhere" }), /no server socket/, /unix_socket_directories/],
];
for (const [what, change, message, hint] of REFUSALS) {
  Deno.test(`openSession() explains ${what} with code "connection" and a hint`, async () => {
    const error = await failure(openSession(server.target(change()), quick));
    assertEquals(error.code, "connection");
    assertEquals(error.exit, 4);
    assertMatch(error.message, message);
    assertMatch(error.hint ?? "", hint);
  });
}

Deno.test("openSession() tries a refused port three times and a wrong password once", async () => {
  const told: string[] = [];
  const options = { retry: QUICK, onRetry: (message: string) => told.push(message) };
  await failure(openSession(server.target({ port: NOBODYS_PORT }), options));
  assertEquals(told.length, 2);
  await failure(openSession(server.target({ password: new Secret("wrong") }), options));
  assertEquals(told.length, 2);
});

Deno.test("openSession() waits while the server has no connection left and succeeds when one is free", async () => {
  const target = server.target({ user: "plain", password: new Secret("plain") });
  await using hogs = new AsyncDisposableStack();
  const held = await Promise.all(Array.from({ length: 9 }, async () => hogs.use(await openSession(target, quick))));
  const full = await failure(openSession(target, quick));
  assertMatch(full.message, /no connection is free/);
  const told: string[] = [];
  const opening = openSession(target, {
    retry: ONCE,
    retryFull: { attempts: 400, firstWait: 20, longestWait: 50 },
    onRetry: (message) => {
      told.push(message);
      if (told.length === 2) held[0]?.close();
    },
  });
  await using session = await opening;
  assert(told.length >= 2);
  assertEquals(await session.query("SELECT 1 AS n"), [{ n: 1 }]);
});

Deno.test("openSession() gives up at once with the signal's reason", async () => {
  const reason = new Error("stop");
  await assertRejects(() => openSession(server.target(), { signal: AbortSignal.abort(reason) }), Error, "stop");
  // A server that accepts and says nothing.
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  const controller = new AbortController();
  const opening = openSession(server.target({ port: silent.addr.port }), { signal: controller.signal });
  using _connection = await accepted;
  controller.abort(reason);
  await assertRejects(() => opening, Error, "stop");
});

Deno.test("openSession() does not wait for ever for a server that says nothing", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  const error = await failure(openSession(server.target({ port: silent.addr.port, connectTimeout: 1 }), quick));
  assertMatch(error.message, /did not answer in time/);
  (await accepted).close();
});

Deno.test("an abort cancels what runs on the server and rejects with the reason", async () => {
  const controller = new AbortController();
  const session = await openSession(server.target(), { signal: controller.signal });
  await using watcher = await openSession(server.target());
  const sleeping = session.query("SELECT pg_sleep(600)");
  const running = () =>
    watcher.query("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' AND state = 'active'");
  await eventually("the query", async () => (await running()).length === 1);
  const reason = new PgstrataError("Cannot finish: interrupted", { code: "interrupted" });
  controller.abort(reason);
  assertEquals(await assertRejects(() => sleeping, PgstrataError), reason);
  await eventually("the cancellation", async () => (await running()).length === 0);
  assertEquals(await assertRejects(() => session.query("SELECT 1"), PgstrataError), reason);
  await session.close();
});

Deno.test("close() cancels what still runs, ends the server process and can be called twice", async () => {
  const session = await openSession(server.target());
  await using watcher = await openSession(server.target());
  const sleeping = session.query("SELECT pg_sleep(600)");
  sleeping.catch(() => {});
  await eventually(
    "the query",
    async () =>
      (await watcher.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'", [session.backendPid]))
        .length === 1,
  );
  await Promise.all([session.close(), session.close()]);
  await assertRejects(() => sleeping, PgstrataError);
  await assertRejects(() => session.query("SELECT 1"), PgstrataError, "the session is closed");
  await eventually(
    "the end",
    async () =>
      (await watcher.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [session.backendPid])).length === 0,
  );
});

Deno.test("a session ended by the server rejects with the server's reason and marks itself lost", async () => {
  await using session = await openSession(server.target());
  await using killer = await openSession(server.target());
  const sleeping = session.query("SELECT pg_sleep(600)");
  sleeping.catch(() => {});
  await killer.query("SELECT pg_terminate_backend($1, 5000)", [session.backendPid]);
  const error = await failure(sleeping);
  assertEquals(error.code, "connection");
  assertMatch(errorText(error), /terminating connection due to administrator command/);
  await eventually("the loss", () => Promise.resolve(session.lost.aborted));
  assertInstanceOf(session.lost.reason, PgstrataError);
  assertEquals((await failure(session.query("SELECT 1"))).code, "connection");
});

Deno.test("an idle session that the server ends is lost without an uncaught exception", async () => {
  await using session = await openSession(server.target());
  await using killer = await openSession(server.target());
  await killer.query("SELECT pg_terminate_backend($1, 5000)", [session.backendPid]);
  await eventually("the loss", () => Promise.resolve(session.lost.aborted));
  assertEquals((await failure(session.execute("SELECT 1"))).code, "connection");
});
