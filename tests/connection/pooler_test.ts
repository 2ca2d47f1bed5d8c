import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError, Secret } from "../../lib/base/mod.ts";
import { ensureProgram } from "../../scripts/test_programs.ts";
import { freePort } from "../../lib/postgres/server_tcp.ts";
import { removeTree } from "../../lib/system/mod.ts";
import { openSession, pinTarget } from "../../lib/connection/mod.ts";
import { eventually, TestServer } from "./server_fixture.ts";

/** A PgBouncer before a test server. */
async function withPooler(
  server: TestServer,
  mode: "session" | "transaction",
  use: (port: number) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "pgstrata-pooler-" });
  const port = freePort();
  const { uid, gid } = await Deno.stat(server.data);
  await Deno.writeTextFile(join(folder, "users"), `"plain" "plain"\n`);
  await Deno.writeTextFile(
    join(folder, "ini"),
    `[databases]\npostgres = host=127.0.0.1 port=${server.port}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${port}\n` +
      `unix_socket_dir=\nauth_type=plain\nauth_file=${folder}/users\npool_mode=${mode}\ndefault_pool_size=3\n` +
      `ignore_startup_parameters=extra_float_digits\nlogfile=${folder}/log\n`,
  );
  for (const path of [folder, join(folder, "users"), join(folder, "ini")]) await Deno.chown(path, uid, gid);
  const pgbouncer = await ensureProgram("pgbouncer");
  const child = new Deno.Command(pgbouncer.path, {
    env: pgbouncer.env,
    args: ["-q", join(folder, "ini")],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    ...(Deno.uid() === 0 ? { uid: uid ?? 0, gid: gid ?? 0 } : {}),
  }).spawn();
  try {
    await eventually("the pooler", () =>
      pinTarget({ ...server.target(), hosts: [{ host: "127.0.0.1", port }] }, {
        retry: { attempts: 1, firstWait: 1, longestWait: 1 },
      }).then(() => true, () => false));
    await use(port);
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await removeTree(folder);
  }
}

Deno.test({
  name: "PgBouncer: session mode is used and recognised, transaction mode refused before anything is set in it",
  fn: async () => {
    await using server = await TestServer.start();
    {
      await using admin = await openSession(server.target());
      await admin.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'");
    }
    const plain = { user: "plain", password: new Secret("plain") };
    await withPooler(server, "session", async (port) => {
      await using session = await openSession(server.target({ ...plain, port, kind: "pgbouncer" }));
      assertEquals(session.pooled, true);
      assertEquals(await session.query("SHOW statement_timeout"), [{ statement_timeout: "0" }]);
      for await (
        const _ of session.copyOut("COPY (SELECT repeat('x', 1000), generate_series(1, 100000000)) TO STDOUT")
      ) break;
      assertEquals(await session.query("SELECT 1 AS n"), [{ n: 1 }]);
    });
    await withPooler(server, "transaction", async (port) => {
      const error = await assertRejects(() => openSession(server.target({ ...plain, port })), PgstrataError);
      assertEquals(error.code, "connection");
      assertMatch(error.message, /pooler in transaction mode/);
      assertMatch(error.hint ?? "", /pool_mode = session/);
      await using watcher = await openSession(server.target());
      assertEquals(
        await watcher.query("SELECT 1 FROM pg_stat_activity WHERE usename = 'plain' AND query LIKE '%set_config%'"),
        [],
      );
    });
  },
});
