import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { errorText, PgstrataError } from "../../lib/base/mod.ts";
import { openSession, QueryError, type Session } from "../../lib/connection/mod.ts";
import { eventually, TestServer } from "./server_fixture.ts";

let server: TestServer;
Deno.test.beforeAll(async () => {
  server = await TestServer.start();
});
Deno.test.afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const ENDLESS = "COPY (SELECT repeat('x', 1000), generate_series(1, 100000000)) TO STDOUT";

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let all = "";
  for await (const chunk of chunks) all += decoder.decode(chunk, { stream: true });
  return all + decoder.decode();
}

async function* bytes(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(new TextEncoder().encode(part));
}

async function usable(session: Session): Promise<void> {
  assertEquals(await session.query("SELECT 1 AS n"), [{ n: 1 }]);
}

Deno.test("copyOut() gives exactly what COPY writes, in large chunks", async () => {
  await using session = await openSession(server.target());
  let chunks = 0;
  let length = 0;
  let lines = 0;
  for await (const chunk of session.copyOut("COPY (SELECT n, 'ü' FROM generate_series(1, 100000) n) TO STDOUT")) {
    chunks++;
    length += chunk.length;
    for (const byte of chunk) if (byte === 10) lines++;
  }
  assertEquals(lines, 100_000);
  const digits = Array.from({ length: 100_000 }, (_, n) => String(n + 1).length).reduce((a, b) => a + b);
  assertEquals(length, digits + 100_000 * 4);
  assertLess(chunks, 1_000);
  assertEquals(await text(session.copyOut("COPY (SELECT 1, NULL, E'a\\tb') TO STDOUT")), "1\t\\N\ta\\tb\n");
  assertEquals(await text(session.copyOut("COPY (SELECT WHERE false) TO STDOUT")), "");
  await usable(session);
});

Deno.test("copyOut() gives a 40 MB field whole", async () => {
  await using session = await openSession(server.target());
  let length = 0;
  for await (const chunk of session.copyOut("COPY (SELECT repeat('x', 40000000)) TO STDOUT")) length += chunk.length;
  assertEquals(length, 40_000_001);
});

Deno.test("copyOut() left early is cancelled on the server and the session stays usable", async () => {
  await using session = await openSession(server.target());
  for (let round = 0; round < 3; round++) {
    let seen = 0;
    for await (const chunk of session.copyOut(ENDLESS)) {
      seen += chunk.length;
      if (seen > 1_000_000) break;
    }
    await usable(session);
  }
});

Deno.test("copyOut() that is never read does nothing", async () => {
  await using session = await openSession(server.target());
  session.copyOut(ENDLESS);
  await usable(session);
});

Deno.test("copyOut() holds the server back when the reader is slow", async () => {
  await using session = await openSession(server.target());
  await using watcher = await openSession(server.target());
  for await (const _chunk of session.copyOut(ENDLESS)) {
    await eventually(
      "waiting for the client",
      async () =>
        (await watcher.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'ClientWrite'", [
          session.backendPid,
        ]))
          .length === 1,
    );
    break;
  }
  await usable(session);
});

Deno.test("copyOut() reports an error at the start and in the middle, and the session stays usable", async () => {
  await using session = await openSession(server.target());
  const atStart = await assertRejects(() => text(session.copyOut("COPY nowhere TO STDOUT")), QueryError);
  assertEquals(atStart.sqlstate, "42P01");
  const inMiddle = await assertRejects(
    () => text(session.copyOut("COPY (SELECT 1 / (50000 - n) FROM generate_series(1, 100000) n) TO STDOUT")),
    QueryError,
  );
  assertEquals(inMiddle.sqlstate, "22012");
  await assertRejects(() => text(session.copyOut("SELECT 1")), TypeError, "not a COPY");
  await usable(session);
});

Deno.test("a query while a COPY runs on the same session is an error, not a hang", async () => {
  await using session = await openSession(server.target());
  for await (const _chunk of session.copyOut(ENDLESS)) {
    await assertRejects(() => session.query("SELECT 1"), PgstrataError, "a COPY is running");
    break;
  }
  await usable(session);
});

Deno.test("copyIn() loads what it is given", async () => {
  await using session = await openSession(server.target());
  await session.execute("CREATE TEMP TABLE t (n int, s text)");
  await session.copyIn("COPY t FROM STDIN", bytes("1\ta", "\n2\t", "", "\\N\n"));
  assertEquals(await session.query("SELECT * FROM t ORDER BY n"), [{ n: 1, s: "a" }, { n: 2, s: null }]);
  await session.copyIn("COPY t FROM STDIN", bytes());
  const many = async function* () {
    for (let block = 0; block < 50; block++) yield* bytes("7\tsomething\n".repeat(20_000));
  };
  await session.copyIn("COPY t FROM STDIN", many());
  assertEquals(await session.query("SELECT count(*) AS n FROM t"), [{ n: "1000002" }]);
});

Deno.test("copyIn() reports an error that comes after the last row", async () => {
  await using session = await openSession(server.target());
  await session.execute("CREATE TEMP TABLE t (n int PRIMARY KEY)");
  const error = await assertRejects(() => session.copyIn("COPY t FROM STDIN", bytes("1\n1\n")), QueryError);
  assertEquals(error.sqlstate, "23505");
  await usable(session);
});

Deno.test("copyIn() reports an error in the middle without reading the source to its end", async () => {
  await using session = await openSession(server.target());
  await session.execute("CREATE TEMP TABLE t (n int)");
  let returned = false;
  const endless = async function* () {
    try {
      while (true) yield* bytes("no number\n".repeat(10_000));
    } finally {
      returned = true;
    }
  };
  const error = await assertRejects(() => session.copyIn("COPY t FROM STDIN", endless()), QueryError);
  assertEquals(error.sqlstate, "22P02");
  assert(returned);
  await usable(session);
});

Deno.test("copyIn() undoes the COPY when the source fails, and throws the source's error", async () => {
  await using session = await openSession(server.target());
  await session.execute("CREATE TEMP TABLE t (n int)");
  const reason = new Error("the disk is gone");
  const failing = async function* () {
    yield* bytes("1\n");
    throw reason;
  };
  assertEquals(await assertRejects(() => session.copyIn("COPY t FROM STDIN", failing()), Error), reason);
  assertEquals(await session.query("SELECT count(*)::int AS n FROM t"), [{ n: 0 }]);
});

Deno.test("a session ended in the middle of copyOut() and copyIn() rejects with the reason", async () => {
  await using killer = await openSession(server.target());
  const terminate = (session: Session) => killer.query("SELECT pg_terminate_backend($1, 5000)", [session.backendPid]);
  {
    await using session = await openSession(server.target());
    const error = await assertRejects(async () => {
      let first = true;
      for await (const _chunk of session.copyOut(ENDLESS)) {
        if (first) await terminate(session);
        first = false;
      }
    }, PgstrataError);
    assertEquals(error.code, "connection");
  }
  {
    await using session = await openSession(server.target());
    await session.execute("CREATE TEMP TABLE t (n int)");
    const error = await assertRejects(async () => {
      const source = async function* () {
        yield* bytes("1\n");
        await terminate(session);
        while (true) yield* bytes("1\n".repeat(10_000));
      };
      await session.copyIn("COPY t FROM STDIN", source());
    }, PgstrataError);
    assertEquals(error.code, "connection");
    assertMatch(errorText(error), /lost|terminating/);
  }
});

Deno.test("an abort in the middle of copyOut() rejects with its reason and stops the server", async () => {
  const controller = new AbortController();
  const session = await openSession(server.target(), { signal: controller.signal });
  await using watcher = await openSession(server.target());
  const reason = new Error("enough");
  const error = await assertRejects(async () => {
    for await (const _chunk of session.copyOut(ENDLESS)) controller.abort(reason);
  }, Error);
  assertEquals(error, reason);
  await session.close();
  await eventually(
    "the end of the server process",
    async () =>
      (await watcher.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [session.backendPid])).length === 0,
  );
});

Deno.test("a server stopped in the middle of a query, a copyOut() and a copyIn() ends each with code connection", async () => {
  await using own = await TestServer.start();
  const sessions = await Promise.all([1, 2, 3].map(() => openSession(own.target())));
  const [querying, reading, writing] = sessions;
  assert(querying && reading && writing);
  await writing.execute("CREATE TEMP TABLE t (n int)");
  const stopped = Promise.withResolvers<void>();
  const source = async function* () {
    yield* bytes("1\n");
    await stopped.promise;
    yield* bytes("1\n");
  };
  const started = Promise.withResolvers<void>();
  const read = async () => {
    for await (const _chunk of reading.copyOut(ENDLESS)) {
      started.resolve();
      await stopped.promise;
    }
  };
  const running = [querying.query("SELECT pg_sleep(600)"), read(), writing.copyIn("COPY t FROM STDIN", source())];
  const results = Promise.allSettled(running);
  await started.promise;
  await own.stop("immediate");
  stopped.resolve();
  for (const result of await results) {
    assertEquals(result.status === "rejected" && (result.reason as PgstrataError).code, "connection");
  }
  await Promise.all(sessions.map((session) => session.close()));
});

Deno.test("copyOut() comes to its end whatever the size and however slow the reader", async () => {
  await using session = await openSession(server.target());
  for (let round = 0; round < 60; round++) {
    const rows = [1, 60, 70, 1_000, 5_000][round % 5] ?? 1;
    const width = [1, 1_000, 65_530, 131_000][round % 4] ?? 1;
    const leaveAfter = round % 3 === 0 ? 200_000 : Infinity;
    let length = 0;
    for await (
      const chunk of session.copyOut(`COPY (SELECT repeat('x', ${width - 1}), generate_series(1, ${rows})) TO STDOUT`)
    ) {
      length += chunk.length;
      if (length > leaveAfter) break;
      if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await usable(session);
  }
});
