import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError, Secret } from "../../lib/base/mod.ts";
import { freePort } from "../../lib/postgres/server_tcp.ts";
import { processText, removeTree } from "../../lib/system/mod.ts";
import {
  openSession,
  openSnapshot,
  parseConnectionString,
  pinTarget,
  readSlots,
  type Target,
} from "../../lib/connection/mod.ts";
import { eventually, NOBODYS_PORT, PASSWORD, serverFolder, SUPERUSER, TestServer } from "./server_fixture.ts";

const ONCE = { attempts: 1, firstWait: 1, longestWait: 1 };
const REF = "abcdefghijklmnopqrst";

function target(text: string): Target {
  return parseConnectionString(text, { environment: "prod", source: "DATABASE_URL_PROD", env: { USER: "me" } });
}

/** An address in a network without a route, and one that no machine has: both for documentation or local only. */
const UNREACHABLE = "2001:db8::1";

Deno.test("pinTarget() takes IPv4 when IPv6 does not answer, without waiting for it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const { port } = listener.addr;
  const before = performance.now();
  for (const silent of [UNREACHABLE, "fd00::dead:beef"]) {
    const pinned = await pinTarget(target(`postgresql://u@both.test:${port}/d?connect_timeout=600`), {
      resolve: () => Promise.resolve([silent, "127.0.0.1"]),
      retry: ONCE,
    });
    assertEquals([pinned.host, pinned.port, pinned.hostaddr], ["both.test", port, "127.0.0.1"]);
    if (silent === UNREACHABLE) (await accepted).close();
  }
  assertLess(performance.now() - before, 60_000);
});

Deno.test("pinTarget() names the session pooler when Supabase's direct host cannot be reached over IPv6", async () => {
  const error = await assertRejects(
    () =>
      pinTarget(target(`postgresql://postgres:hunter2@db.${REF}.supabase.co/postgres`), {
        resolve: () => Promise.resolve([UNREACHABLE]),
        retry: ONCE,
      }),
    PgstrataError,
  );
  assertEquals(error.code, "connection");
  assertMatch(error.message, /no route|did not answer/);
  assertMatch(error.hint ?? "", /SUPABASE_POOLER_HOST_PROD/);
  assertMatch(error.hint ?? "", /Session pooler/);
  assertEquals(JSON.stringify([error.message, error.hint, error.context]).includes("hunter2"), false);
});

Deno.test("pinTarget() explains an unknown host at once", async () => {
  const told: string[] = [];
  const error = await assertRejects(
    () => pinTarget(target("postgresql://u@nowhere.invalid/d"), { onRetry: (message) => told.push(message) }),
    PgstrataError,
  );
  assertMatch(error.message, /the host name is unknown/);
  assertMatch(error.hint ?? "", /spelling/);
  assertEquals(told, []);
  const paused = await assertRejects(
    () =>
      pinTarget(target(`postgresql://u@db.${REF}.supabase.co/d`), {
        resolve: () => Promise.reject(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" })),
      }),
    PgstrataError,
  );
  assertMatch(paused.hint ?? "", /project/);
});

Deno.test("pinTarget() tries a refused port again, and tells why", async () => {
  const told: string[] = [];
  const error = await assertRejects(
    () =>
      pinTarget(target(`postgresql://u@127.0.0.1:${NOBODYS_PORT}/d`), {
        retry: { attempts: 3, firstWait: 5, longestWait: 10 },
        onRetry: (message) => told.push(message),
      }),
    PgstrataError,
  );
  assertEquals(told.length, 2);
  assertMatch(told[0] ?? "", /nothing listens on that port; trying again/);
  assertMatch(error.message, /nothing listens/);
});

Deno.test("pinTarget() takes the first of several hosts that accepts, and lists them when none does", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [dead, { port }] = [NOBODYS_PORT, listener.addr];
  const pinned = await pinTarget(target(`postgresql://u@127.0.0.1:${dead},127.0.0.1:${port}/d`));
  assertEquals(pinned.port, port);
  const error = await assertRejects(
    () => pinTarget(target(`postgresql://u@127.0.0.1:${dead},nowhere.invalid/d`), { retry: ONCE }),
    PgstrataError,
  );
  assertMatch(error.message, /none of 2 hosts can be used/);
  assertMatch(String((error.cause as Error).message), /nothing listens[\s\S]*host name is unknown/);
});

Deno.test("pinTarget() stops at once when aborted", async () => {
  const controller = new AbortController();
  const pinning = pinTarget(target("postgresql://u@h/d"), {
    signal: controller.signal,
    resolve: () => {
      controller.abort(new Error("enough"));
      return Promise.resolve([UNREACHABLE]);
    },
  });
  await assertRejects(() => pinning, Error, "enough");
});

Deno.test("a primary and its standby", async (t) => {
  await using primary = await TestServer.start({ hot_standby_feedback: "on" });
  {
    await using admin = await openSession(primary.target());
    await admin.execute(
      "CREATE TABLE public.t AS SELECT generate_series(1, 10) AS n; CREATE ROLE plain LOGIN CONNECTION LIMIT 5 PASSWORD 'x'",
    );
  }
  await using standby = await Standby.of(primary);
  const both = (attrs: string) =>
    target(
      `postgresql://${SUPERUSER}:${
        encodeURIComponent(PASSWORD)
      }@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/postgres?target_session_attrs=${attrs}`,
    );
  const ports: Record<string, number> = {
    any: primary.port,
    "read-write": primary.port,
    primary: primary.port,
    "read-only": standby.port,
    standby: standby.port,
    "prefer-standby": standby.port,
  };
  for (const [attrs, port] of Object.entries(ports)) {
    await t.step(`pinTarget() finds the server that is ${attrs}`, async () => {
      assertEquals((await pinTarget(both(attrs), { retry: ONCE })).port, port);
    });
  }
  await t.step("pinTarget() says so when no server has the attributes wanted", async () => {
    const only = target(
      `postgresql://${SUPERUSER}:${
        encodeURIComponent(PASSWORD)
      }@127.0.0.1:${primary.port}/postgres?target_session_attrs=standby`,
    );
    const error = await assertRejects(() => pinTarget(only, { retry: ONCE }), PgstrataError);
    assertEquals(error.code, "connection");
    assertMatch(JSON.stringify([error.message, String(error.cause)]), /is not standby/);
  });
  await t.step("openSnapshot() locks and exports on the standby", async () => {
    await using session = await openSession(primary.target({ port: standby.port }));
    assertEquals(session.inRecovery, true);
    const listRelations = () =>
      session.query<{ oid: number; schema: string; name: string; kind: string }>(
        "SELECT oid, 'public' AS schema, relname AS name, relkind::text AS kind FROM pg_class WHERE relname = 't'",
      );
    await eventually("replication", async () => (await listRelations()).length === 1);
    await using snapshot = await openSnapshot(session, { listRelations, lockTimeout: 5_000 });
    assertMatch(snapshot.walPosition ?? "", /\//);
    await using other = await openSession(primary.target({ port: standby.port }));
    await other.execute(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '${snapshot.id}'`);
    assertEquals(await other.query("SELECT count(*)::int AS n FROM public.t"), [{ n: 10 }]);
  });
  await t.step("readSlots() counts what is used and what the role may still open", async () => {
    await using session = await openSession(primary.target());
    const slots = await readSlots(session);
    assertEquals([slots.maxConnections, slots.reserved, slots.limit], [100, 0, undefined]);
    assert(slots.used >= 1 && slots.free === 100 - slots.used);
    await using limited = await openSession(primary.target({ user: "plain", password: new Secret("x") }));
    const own = await readSlots(limited);
    assertEquals([own.maxConnections, own.reserved, own.limit, own.free], [100, 3, 5, 4]);
  });
});

/** A hot standby of a test server. */
class Standby implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly as: Record<string, number>,
  ) {}

  static async of(primary: TestServer): Promise<Standby> {
    const folder = await serverFolder("pgstrata-standby-");
    const { uid, gid } = await Deno.stat(primary.data);
    const as = Deno.uid() === 0 ? { uid: uid ?? 0, gid: gid ?? 0 } : {};
    await Deno.chown(folder, uid, gid);
    const standby = new Standby(folder, freePort(), as);
    const passfile = join(folder, "pass");
    await Deno.writeTextFile(passfile, `*:*:*:*:${PASSWORD.replaceAll(/[\\:]/g, "\\$&")}\n`, { mode: 0o600 });
    await Deno.chown(passfile, uid, gid);
    await Deno.writeTextFile(join(primary.data, "pg_hba.conf"), "host replication all all scram-sha-256\n", {
      append: true,
    });
    {
      await using admin = await openSession(primary.target());
      await admin.execute("SELECT pg_reload_conf()");
    }
    await standby.#run("pg_basebackup", [
      "-D",
      standby.#data,
      "-h",
      "127.0.0.1",
      "-p",
      String(primary.port),
      "-U",
      SUPERUSER,
      "-w",
      "-R",
      "-X",
      "stream",
      "-c",
      "fast",
      "--no-sync",
    ], { PGPASSFILE: passfile });
    await Deno.writeTextFile(
      join(standby.#data, "postgresql.auto.conf"),
      `port = ${standby.port}\nunix_socket_directories = '${folder}'\n`,
      { append: true },
    );
    await standby.#run("pg_ctl", ["-D", standby.#data, "-l", join(folder, "log"), "-w", "-s", "start"]);
    return standby;
  }

  get #data(): string {
    return join(this.folder, "data");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run("pg_ctl", ["-D", this.#data, "-m", "immediate", "-w", "-s", "stop"]).catch(() => {});
    await removeTree(this.folder);
  }

  async #run(program: string, args: string[], env: Record<string, string> = {}): Promise<void> {
    await processText({ program: `/usr/lib/postgresql/15/bin/${program}`, args, env, cwd: "/", ...this.as });
  }
}
