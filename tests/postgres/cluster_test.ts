import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { basename, dirname } from "@std/path";
import { causeMessages, PgstrataError, Secret } from "../../lib/base/mod.ts";
import { DisposableCluster, sweepClusters } from "../../lib/postgres/mod.ts";
import { initCluster } from "../../lib/postgres/init_cluster.ts";
import { poll, readPostmaster } from "../../lib/postgres/postmaster.ts";
import { serverUser } from "../../lib/postgres/server_user.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { ensureToolSet } from "../../scripts/postgres_versions.ts";
import { testedMajors } from "../../scripts/test_server.ts";

const tools = await ensureToolSet(15);

/** A folder that the server's user may pass through, also when we are root. */
async function passableFolder(): Promise<TempFolder> {
  const folder = await TempFolder.create();
  await Deno.chmod(folder.path, 0o711);
  return folder;
}

const exists = (path: string) => Deno.lstat(path).then(() => true, () => false);

for (const major of testedMajors()) {
  Deno.test(`a cluster of ${major} starts, answers through its socket only, and leaves nothing`, async () => {
    const tools = await ensureToolSet(major);
    const started = performance.now();
    let folder: string;
    {
      await using cluster = await DisposableCluster.start({ tools });
      assertLess(performance.now() - started, 120_000);
      folder = dirname(cluster.dataFolder);
      assertEquals(await cluster.psql("SELECT current_setting('server_version_num')::int / 10000"), String(major));
      assertEquals(await cluster.psql("SHOW listen_addresses"), "");
      assertEquals(await cluster.psql("SHOW server_encoding"), "UTF8");
      assertEquals((Deno.statSync(folder).mode ?? 0) & 0o777, 0o700);
      assertLess(`${cluster.socketFolder}/.s.PGSQL.${cluster.port}`.length, 104);
    }
    assertEquals(await exists(folder), false);
  });
}

Deno.test("a cluster with TCP wants its password", async () => {
  await using cluster = await DisposableCluster.start({ tools, tcp: { password: new Secret("p@ss:w/rd") } });
  const query = (url: string) =>
    processText({ program: tools.program("psql"), args: ["-qAtw", "-d", url, "-c", "SELECT inet_server_addr()"] });
  assertStringIncludes(await query(cluster.url("postgres", "tcp")), "127.0.0.1");
  const wrong = cluster.url("postgres", "tcp").replace("p%40ss", "other");
  const error = await assertRejects(() => query(wrong), PgstrataError);
  assertStringIncludes(causeMessages(error).join(), "password authentication failed");
});

Deno.test("a cluster whose port somebody took between choice and start takes another", async () => {
  const { listen } = Deno;
  let taken: Deno.TcpListener | undefined;
  const choose = (options: Deno.TcpListenOptions) => {
    const chosen = listen(options);
    Reflect.set(Deno, "listen", listen);
    // As soon as the choice was made, and the port let go.
    queueMicrotask(() => taken = listen(options));
    return chosen;
  };
  try {
    Reflect.set(Deno, "listen", choose);
    await using cluster = await DisposableCluster.start({ tools, tcp: { password: new Secret("x") } });
    assertStringIncludes(cluster.log(), "could not bind");
    assert(taken !== undefined && cluster.port !== taken.addr.port);
    const url = cluster.url("postgres", "tcp");
    assertEquals(
      await processText({ program: tools.program("psql"), args: ["-qAtwc", "SHOW port", url] }),
      `${cluster.port}\n`,
    );
  } finally {
    Reflect.set(Deno, "listen", listen);
    taken?.close();
  }
});

Deno.test("a cluster with required TLS refuses connections without it", async () => {
  await using folder = await TempFolder.create();
  const [key, certificate] = [`${folder.path}/key`, `${folder.path}/certificate`];
  await processText({
    program: "openssl",
    args: [
      ...["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
    ],
  });
  const tls = { certificate: await Deno.readTextFile(certificate), key: await Deno.readTextFile(key), required: true };
  await using cluster = await DisposableCluster.start({ tools, tcp: { password: new Secret("secret"), tls } });
  const query = (parameters: string) =>
    processText({
      program: tools.program("psql"),
      args: ["-qAtwc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "-d"]
        .concat(`${cluster.url("postgres", "tcp")}?${parameters}`),
    });
  assertEquals(await query(`sslmode=verify-full&sslrootcert=${certificate}`), "t\n");
  const error = await assertRejects(() => query("sslmode=disable"), PgstrataError);
  assertStringIncludes(causeMessages(error).join(), "no encryption");
});

Deno.test("a cluster without TCP gives no TCP URL", async () => {
  await using cluster = await DisposableCluster.start({ tools });
  const error = await assertRejects(async () => await cluster.url("postgres", "tcp"), PgstrataError);
  assertEquals(error.message, "Cannot give a TCP URL: the server listens on its socket only");
});

Deno.test("a cluster takes settings, encoding, locale and superuser", async () => {
  await using cluster = await DisposableCluster.start({
    tools,
    superuser: "the owner",
    encoding: "LATIN1",
    locale: "C",
    localeProvider: "libc",
    settings: { wal_level: "logical", max_wal_senders: "3", application_name: "it's \\ here" },
  });
  assertEquals(
    await cluster.psql("SHOW server_encoding; SHOW wal_level; SHOW application_name; SELECT current_user"),
    "LATIN1\nlogical\npsql\nthe owner",
  );
});

Deno.test("a cluster with an ICU locale sorts by it", async () => {
  await using cluster = await DisposableCluster.start({ tools, localeProvider: "icu", icuLocale: "de-DE" });
  assertEquals(await cluster.psql("SELECT 'ä' < 'b', 'a' < 'B'"), "t|t");
});

Deno.test("a server that cannot start puts its log into the error and leaves nothing", async () => {
  await using parent = await passableFolder();
  const error = await assertRejects(
    () => DisposableCluster.start({ tools, parent: parent.path, settings: { shared_buffers: "lots" } }),
    PgstrataError,
  );
  assertEquals(error.message, "Cannot start a disposable server: it ended while starting");
  assertStringIncludes(causeMessages(error).join(), `invalid value for parameter "shared_buffers": "lots"`);
  assertEquals([...Deno.readDirSync(parent.path)], []);
});

Deno.test("initdb's complaint is in the error", async () => {
  const error = await assertRejects(() => DisposableCluster.start({ tools, encoding: "NO_SUCH" }), PgstrataError);
  assertEquals(error.message, "Cannot start a disposable server: initdb failed");
  assertStringIncludes(causeMessages(error).join(), "NO_SUCH");
});

Deno.test("stop(), resume(), restart() and kill() keep the data", async () => {
  await using cluster = await DisposableCluster.start({ tools });
  await cluster.psql("CREATE TABLE kept AS SELECT 1 AS n");
  for (const mode of ["smart", "fast", "immediate"] as const) {
    await cluster.stop(mode);
    assertEquals(cluster.running, false);
    await cluster.resume();
    assertEquals(await cluster.psql("SELECT n FROM kept"), "1");
  }
  await cluster.restart({ work_mem: "7MB" });
  assertEquals(await cluster.psql("SHOW work_mem"), "7MB");
  await cluster.kill();
  await assertRejects(() => cluster.psql("SELECT 1"), PgstrataError);
  await cluster.resume();
  assertEquals(await cluster.psql("SELECT n FROM kept"), "1");
  assertStringIncludes(cluster.log(), "database system was not properly shut down");
});

Deno.test("a killed cluster can be thrown away", async () => {
  let folder: string;
  {
    await using cluster = await DisposableCluster.start({ tools });
    folder = dirname(cluster.dataFolder);
    await cluster.kill();
  }
  assertEquals(await exists(folder), false);
});

Deno.test("a long folder name does not make the socket's path too long", async () => {
  await using parent = await passableFolder();
  const long = `${parent.path}/${"x".repeat(120)}`;
  await Deno.mkdir(long, { mode: 0o755 });
  let socketFolder: string;
  {
    await using cluster = await DisposableCluster.start({ tools, parent: long });
    socketFolder = cluster.socketFolder;
    assertEquals(await cluster.psql("SELECT 1"), "1");
    assertEquals(dirname(socketFolder), "/tmp");
  }
  assertEquals(await exists(socketFolder), false);
});

Deno.test("a hot standby follows its primary", async () => {
  await using primary = await DisposableCluster.start({
    tools,
    settings: { wal_level: "replica", max_wal_senders: "4" },
  });
  await using standby = await DisposableCluster.startStandby(primary);
  assertEquals(await standby.psql("SELECT pg_is_in_recovery()"), "t");
  await primary.psql("CREATE TABLE t AS SELECT 7 AS n");
  assert(await poll(120_000, async () => await standby.psql("SELECT to_regclass('t') IS NOT NULL") === "t"));
  assertEquals(await standby.psql("SELECT n FROM t"), "7");
});

Deno.test("the server of a killed owner ends, and the next start removes its folder", async () => {
  await using parent = await passableFolder();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", new URL("cluster_child.ts", import.meta.url).pathname, parent.path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const { data, pid } = JSON.parse(new TextDecoder().decode(value));
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  assertEquals(await exists(data), true);
  {
    await using cluster = await DisposableCluster.start({ tools, parent: parent.path });
    assertEquals([...Deno.readDirSync(parent.path)].map((entry) => entry.name), [
      basename(dirname(cluster.dataFolder)),
    ]);
  }
  assert(await poll(120_000, async () => !(await exists(`/proc/${pid}`))));
});

Deno.test("a folder for temporary files that is not there is told by its name", async () => {
  await using parent = await passableFolder();
  const gone = `${parent.path}/gone`;
  const error = await assertRejects(() => DisposableCluster.start({ tools, parent: gone }), PgstrataError, gone);
  assertEquals(error.code, "usage");
  assert(error.hint?.includes("TMPDIR"));
});

Deno.test("a sweep ends a server that outlived its owner", async () => {
  await using parent = await passableFolder();
  const user = serverUser();
  const folder = `${parent.path}/pgstrata-cluster-0000dead`;
  await Deno.mkdir(folder, { mode: 0o700 });
  await Deno.writeTextFile(`${folder}/lock`, "");
  if (user !== null) await Deno.chown(folder, user.uid, user.gid);
  await initCluster(tools, `${folder}/data`, user, {}, null);
  const server = new Deno.Command(tools.program("postgres"), {
    // Its socket in the data folder, by a path that is short wherever that is.
    args: ["-D", `${folder}/data`, "-c", "listen_addresses=", "-c", "unix_socket_directories=."],
    cwd: "/",
    stdout: "null",
    stderr: "null",
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  }).spawn();
  assert(await poll(120_000, async () => (await readPostmaster(`${folder}/data`))?.status === "ready"));
  assertEquals(await sweepClusters(parent.path, user), [folder]);
  assertEquals((await server.status).signal, null);
  assertEquals(await exists(folder), false);
});

Deno.test("a sweep leaves alone living clusters, folders being made, and processes that are not servers", async () => {
  await using parent = await passableFolder();
  await using cluster = await DisposableCluster.start({ tools, parent: parent.path });
  await Deno.mkdir(`${parent.path}/pgstrata-cluster-justmade`);
  await Deno.mkdir(`${parent.path}/other`);
  const stale = `${parent.path}/pgstrata-cluster-stale`;
  await Deno.mkdir(`${stale}/data`, { recursive: true });
  await Deno.writeTextFile(`${stale}/lock`, "");
  // A pid that was given to somebody else meanwhile: to us.
  await Deno.writeTextFile(`${stale}/data/postmaster.pid`, `${Deno.pid}\n${stale}/data\n0\n5432\n\n\n\nready\n`);
  assertEquals(await sweepClusters(parent.path, serverUser()), [stale]);
  assertEquals(await cluster.psql("SELECT 1"), "1");
});
