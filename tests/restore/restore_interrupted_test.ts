/** Restores that are killed, interrupted, cut off, out of room or kept waiting: what the target is then, and what is said. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { DisposableCluster } from "../../lib/postgres/mod.ts";
import { RestoreError } from "../../lib/restore/mod.ts";
import { type TestDatabase, testServer } from "../../scripts/test_server.ts";
import { mainArguments, passedOn } from "../tasks/run_main.ts";
import { backUp, differingLines, dumpText, envOf, restore, scratchFolder } from "./restore_fixture.ts";

const server = await testServer(15, {
  settings: { wal_level: "replica", max_wal_senders: "2", synchronous_commit: "on", cluster_name: "interrupted" },
});

/** Loading it stops in the middle for ever, but only in a database that a restore fills. */
const SOURCE = `
CREATE TABLE items (id int PRIMARY KEY, v text);
INSERT INTO items SELECT i, repeat('x', 500) || i FROM generate_series(1, 2000) AS i;
CREATE TABLE notes (id int REFERENCES items);
INSERT INTO notes SELECT generate_series(1, 100);
`;
const PAUSE = `
CREATE FUNCTION pause() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
  IF current_database() LIKE '%\\_restore\\_%' THEN PERFORM pg_sleep(600); END IF;
  RETURN 1;
END $$;
CREATE MATERIALIZED VIEW slow AS SELECT public.pause();
`;
const folder = await backUp(server, (await server.createDatabase({ sql: SOURCE })).url);
const slow = await backUp(server, (await server.createDatabase({ sql: SOURCE + PAUSE })).url);

/** A living database, other than the backup. */
const living = () =>
  server.createDatabase({
    sql: `${SOURCE} DELETE FROM notes; INSERT INTO notes VALUES (7); CREATE TABLE mine AS SELECT 1 AS a;`,
  });

/** `pgstrata restore` in a process of its own. */
class Running {
  stderr = "";
  ended = false;
  readonly #drained: Promise<void>;

  constructor(readonly child: Deno.ChildProcess, readonly shelf: string) {
    this.#drained = (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) this.stderr += text;
      this.ended = true;
    })();
  }

  /** @param given shelf and folder for temporary files; one of its own where none is given */
  static async start(
    backup: string,
    target: TestDatabase,
    options: readonly string[] = [],
    given: string | null = null,
  ): Promise<Running> {
    const shelf = given ?? await scratchFolder();
    const args = ["restore", backup, "--to", target.url, "--yes", target.name, "--dir", shelf, ...options];
    const child = new Deno.Command(Deno.execPath(), {
      args: mainArguments(args),
      env: { ...passedOn(), ...envOf(server), NO_COLOR: "1", TMPDIR: shelf },
      clearEnv: true,
      stdout: "null",
      stderr: "piped",
    }).spawn();
    return new Running(child, shelf);
  }

  async end(): Promise<number> {
    const { code } = await this.child.status;
    await this.#drained;
    return code;
  }

  /** Backups that the restore has made. */
  async safetyBackups(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.shelf)) {
      if (name.endsWith("_pre_restore")) names.push(`${this.shelf}/${name}`);
    }
    return names;
  }
}

const relatives = async ({ name }: TestDatabase) =>
  await server.cluster.psql(`SELECT datname FROM pg_database WHERE datname LIKE '${name}\\_%'`);

/** Until the load of a new database stands in its middle. */
const inTheMiddle = (target: TestDatabase, run?: Running) =>
  until(async () =>
    await server.cluster.psql(
      `SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '${target.name}\\_restore\\_%' AND wait_event = 'PgSleep'`,
    ) === "1", run);

/** The safety backup brings the state back that was there before. */
async function assertSafetyRestores(run: Running, expected: string): Promise<void> {
  const [safety, ...others] = await run.safetyBackups();
  assertEquals(others, []);
  const empty = await server.createDatabase();
  await restore(server, safety ?? "", empty.url);
  assertEquals(differingLines(await dumpText(server, empty), expected), []);
}

Deno.test("kill -9 in a swap: the target is as before, the safety backup restores, the next run names what was left", async () => {
  const target = await living();
  const before = await dumpText(server, target);
  const run = await Running.start(slow, target, ["--no-compare"]);
  await inTheMiddle(target, run);
  run.child.kill("SIGKILL");
  await run.end();
  assertEquals(differingLines(await dumpText(server, target), before), []);
  await assertSafetyRestores(run, before);
  const left = await relatives(target);
  assertMatch(left, new RegExp(`^${target.name}_restore_\\d{8}_\\d{6}$`));
  // The private folder, with the password of the connection, goes with the next run whatever becomes of that.
  assertEquals((await remains(run)).length, 1);
  const sweeping = await Running.start(folder, target, ["--table", "nothing"], run.shelf);
  assertEquals(await sweeping.end(), 2, sweeping.stderr);
  assertEquals(await remains(run), []);

  // Also where death came between the making of the database and its mark.
  await server.cluster.psql(`CREATE DATABASE ${target.name}_restore_20260101_000000; CREATE DATABASE ${target.name}_x`);
  const next = await restore(server, folder, target.url);
  assertEquals(next.status, "done");
  const named = next.warnings.filter((text) => text.includes("was left behind by an interrupted restore"));
  assertEquals(named.map((text) => text.replace(/ \(.*?\)/, "")), [
    `database ${target.name}_restore_20260101_000000 was left behind by an interrupted restore; drop it: ` +
    `DROP DATABASE ${target.name}_restore_20260101_000000`,
    `database ${left} was left behind by an interrupted restore; drop it: DROP DATABASE ${left}`,
  ]);
  await server.cluster.psql(`DROP DATABASE ${left} WITH (FORCE)`);
});

Deno.test("kill -9 at any moment: the target is as before or as the backup, never between", async () => {
  const as = async (url: string) => await restore(server, folder, url);
  const wanted = await server.createDatabase();
  await as(wanted.url);
  const restored = await dumpText(server, wanted);
  const seen = new Set<string>();
  for (const [index, way] of ["swap", "in place", "swap", "in place", "swap", "in place"].entries()) {
    const target = await living();
    const before = await dumpText(server, target);
    const options = [...way === "swap" ? [] : ["--in-place"], "--no-compare", "--no-safety-backup"];
    const run = await Running.start(folder, target, options);
    await until(() => Promise.resolve(run.stderr.includes("looking at the target")), run);
    const ended = run.end();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, 60 * (index + 1));
    await Promise.race([promise, ended]);
    clearTimeout(timer);
    try {
      run.child.kill("SIGKILL");
    } catch {
      // It was quicker.
    }
    await ended;
    const others = `SELECT count(*) FROM pg_stat_activity WHERE datname = '${target.name}'`;
    await until(async () => await server.cluster.psql(others) === "0");
    const after = await dumpText(server, target);
    const state = after === before ? "before" : differingLines(after, restored).length === 0 ? "restored" : "between";
    seen.add(state);
    assert(state !== "between", `${way}, ${60 * (index + 1)} ms: ${differingLines(after, before).join("\n")}`);
  }
  assert(seen.has("before"), "nobody was killed in the middle");
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} in a swap: exit code 130, the new database is gone, the report says so`, async () => {
    const target = await living();
    const before = await dumpText(server, target);
    const run = await Running.start(slow, target, ["--no-safety-backup", "--no-compare"]);
    await inTheMiddle(target, run);
    run.child.kill(signal);
    assertEquals(await run.end(), 130, run.stderr);
    assertStringIncludes(run.stderr, "state nothing was changed");
    assertStringIncludes(run.stderr, `interrupted by ${signal}`);
    assertEquals(await relatives(target), "");
    assertEquals(differingLines(await dumpText(server, target), before), []);
    assertEquals(await remains(run), []);
  });

  Deno.test(`${signal} in place: exit code 130, all is as before, and no server process goes on with its lock`, async () => {
    const target = await living();
    const before = await dumpText(server, target);
    await using held = await holdLock(target, "items");
    const run = await Running.start(folder, target, ["--in-place", "--no-safety-backup", "--no-compare"]);
    await until(async () => await waiting(target) > 0, run);
    run.child.kill(signal);
    assertEquals(await run.end(), 130, run.stderr);
    assertEquals(await waiting(target), 0);
    assertStringIncludes(run.stderr, "nothing was changed: the one transaction was not committed");
    await held.release();
    assertEquals(differingLines(await dumpText(server, target), before), []);
    assertEquals(await remains(run), []);
  });
}

for (const way of ["swap", "in place"] as const) {
  Deno.test(`the server stops at once in the middle (${way}): all is as before, and what was left is said`, async () => {
    const target = await living();
    const before = await dumpText(server, target);
    await using held = way === "swap" ? null : await holdLock(target, "items");
    const run = await Running.start(
      way === "swap" ? slow : folder,
      target,
      [...way === "swap" ? [] : ["--in-place"], "--no-compare"],
    );
    await (way === "swap" ? inTheMiddle(target, run) : until(async () => await waiting(target) > 0, run));
    await server.cluster.stop("immediate");
    const code = await run.end();
    await server.cluster.resume();
    await held?.release();
    assertEquals(code, 4, run.stderr);
    assertEquals(differingLines(await dumpText(server, target), before), []);
    if (way === "swap") {
      const left = await relatives(target);
      assertStringIncludes(run.stderr, `database ${target.name} was not changed; ${left} was left behind`);
      await server.cluster.psql(`DROP DATABASE ${left}`);
    } else assertStringIncludes(run.stderr, "nothing was changed: the one transaction was not committed");
    await assertSafetyRestores(run, before);
  });
}

Deno.test("the server restarts in the middle of a swap: the new database is dropped once it is back", async () => {
  const target = await living();
  const running = failing(() => restore(server, slow, target.url));
  await inTheMiddle(target);
  // A backend that dies by SIGKILL makes the server end all others and recover.
  const pid = await server.cluster.psql(
    `SELECT pid FROM pg_stat_activity WHERE datname LIKE '${target.name}\\_restore\\_%' AND wait_event = 'PgSleep'`,
  );
  Deno.kill(Number(pid), "SIGKILL");
  const error = await running;
  assertEquals(error.code, "connection");
  await until(() => server.cluster.psql("SELECT 1").then(() => true, () => false));
  assertEquals([error.report.targetState, await relatives(target)], ["nothing was changed", ""]);
});

Deno.test("a connection that is lost while COMMIT is on its way: the server is asked, and the report says it was committed", async () => {
  const target = await living();
  const running = failing(() =>
    restore(server, folder, target.url, { inPlace: true }, {
      // From now on a commit waits for a standby that never comes; it has happened by then.
      confirm: async () => {
        await server.cluster.psql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
        await server.cluster.psql("SELECT pg_reload_conf()");
        await untilCommitsWait();
      },
    })
  );
  const inCommit = `FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = '${target.name}'`;
  await until(async () => await server.cluster.psql(`SELECT count(*) ${inCommit}`) === "1");
  await server.cluster.psql(`SELECT pg_terminate_backend(pid) ${inCommit}`);
  const error = await running;
  await server.cluster.psql("ALTER SYSTEM RESET synchronous_standby_names");
  await server.cluster.psql("SELECT pg_reload_conf()");
  assertStringIncludes(error.report.targetState, "everything was restored and committed");
  assertStringIncludes(error.report.steps.at(-1)?.done ?? "", "the transaction was committed");
  assertEquals(await target.psql("SELECT count(*) FROM notes"), "100");
});

for (const way of ["swap", "in_place"] as const) {
  Deno.test(`a full disk of the server (${way}): exit code 6, all is as before, nothing is left behind`, async () => {
    await using disk = await smallDisk();
    const target = await server.createDatabase({ sql: "CREATE TABLE mine AS SELECT 1 AS a" });
    const before = await dumpText(server, target);
    const error = await failing(() => restore(server, disk.backup, target.url, { inPlace: way === "in_place" }));
    assertEquals([error.code, error.exit, error.report.way], ["no_room", 6, way], error.message);
    assertEquals(error.message, "Cannot restore: the server has no room left");
    assertStringIncludes(error.hint ?? "", "the server's disk");
    assertStringIncludes(error.report.targetState, "nothing was changed");
    assertEquals(await relatives(target), "");
    assertEquals(differingLines(await dumpText(server, target), before), []);
  });
}

Deno.test("a lock that somebody holds ends a change in place in time: the blocking process is named, and how to end it", async () => {
  const target = await living();
  const before = await dumpText(server, target);
  await using held = await holdLock(target, "items");
  const notices: string[] = [];
  const error = await failing(() =>
    restore(server, folder, target.url, { inPlace: true, lockTimeout: 3_000 }, {
      onEvent: (event) => event.type === "notice" && notices.push(event.message),
    })
  );
  assertStringIncludes(error.message, "somebody holds a lock");
  assertStringIncludes(String(error.context["held by"]), `pid ${held.pid} (postgres`);
  assertStringIncludes(String(error.context["held by"]), "on public.items");
  assertStringIncludes(error.hint ?? "", `SELECT pg_terminate_backend(${held.pid})`);
  assertStringIncludes(notices.join("\n"), `waiting for a lock: pid ${held.pid}`);
  await held.release();
  assertEquals(differingLines(await dumpText(server, target), before), []);
});

Deno.test("statistics do not wait for ever for a lock that comes after the restore", async () => {
  const target = await living();
  let held: Held | undefined;
  const report = await restore(server, folder, target.url, {
    content: "data-only",
    clean: true,
    lockTimeout: 300,
  }, {
    // Taken between plan and load, on a table that the backup does not hold.
    confirm: async () => void (held = await holdLock(target, "mine", "ACCESS EXCLUSIVE")),
  }).finally(() => held?.release());
  assertEquals(report.targetState, "everything was restored and committed");
  assertStringIncludes(report.warnings.join("\n"), "ANALYZE was refused");
});

Deno.test("a second restore into the same database is refused while the first runs", async () => {
  const target = await living();
  let second: unknown;
  await restore(server, folder, target.url, { inPlace: true }, {
    confirm: async () => {
      second = await restore(server, folder, target.url, { inPlace: true }).catch((error) => error);
    },
  });
  assert(second instanceof PgstrataError);
  assertEquals(second.code, "refused");
  assertStringIncludes(second.message, "another restore into this database is running");
});

Deno.test("a standby is refused with a word about its primary", async () => {
  await using standby = await DisposableCluster.startStandby(server.cluster);
  for (const [name, createDatabase] of [["postgres", false], ["brand_new", true]] as const) {
    const error = await failing(() => restore(server, folder, standby.url(name), { createDatabase }));
    assertEquals(error.code, "refused");
    assertStringIncludes(error.message, "the target is a standby");
    assertStringIncludes(error.hint ?? "", "primary");
  }
});

Deno.test("--create-db that fails before or in the load leaves no database", async () => {
  const url = server.cluster.url("brand_new");
  const exists = () => server.cluster.psql("SELECT count(*) FROM pg_database WHERE datname = 'brand_new'");
  const before = await failing(() => restore(server, folder, url, { createDatabase: true, tables: ["nothing"] }));
  assertEquals([before.code, before.report.targetState, await exists()], [
    "usage",
    "nothing was changed: the new database was dropped again",
    "0",
  ]);
  const broken = await backUp(server, (await server.createDatabase({ sql: BROKEN })).url);
  const inLoad = await failing(() => restore(server, broken, url, { createDatabase: true }));
  assertEquals([inLoad.report.targetState, await exists()], [
    "nothing was changed: the new database was dropped again",
    "0",
  ]);
});

/** The view can be made here only: elsewhere its function refuses. */
const BROKEN = `
CREATE FUNCTION here_only() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
  IF current_database() = 'brand_new' THEN RAISE 'not here'; END IF;
  RETURN 1;
END $$;
CREATE MATERIALIZED VIEW v AS SELECT public.here_only();
`;

/** Until the server has read that a commit waits: another one does. */
async function untilCommitsWait(): Promise<void> {
  const probes = `FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = 'postgres'`;
  for (let waiting = false; !waiting;) {
    let ended = false;
    const probe = server.cluster.psql("SELECT pg_logical_emit_message(true, 'probe', '')").catch(() => {}).finally(() =>
      ended = true
    );
    await until(async () => {
      waiting = await server.cluster.psql(`SELECT count(*) ${probes}`) === "1";
      return waiting || ended;
    });
    if (waiting) await server.cluster.psql(`SELECT pg_terminate_backend(pid) ${probes}`);
    await probe;
  }
}

async function failing(run: () => Promise<unknown>): Promise<RestoreError> {
  const error = await assertRejects(run, RestoreError);
  assert(error instanceof RestoreError);
  return error;
}

/** Private folders that the run has not taken away. */
async function remains(run: Running): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(run.shelf)) if (name.startsWith("pgstrata-")) names.push(name);
  return names;
}

const waiting = async (target: TestDatabase) =>
  Number(
    await server.cluster.psql(
      `SELECT count(*) FROM pg_stat_activity WHERE datname = '${target.name}' AND wait_event_type = 'Lock'`,
    ),
  );

interface Held extends AsyncDisposable {
  readonly pid: number;
  release(): Promise<void>;
}

/** A session that holds a lock until it is released. */
async function holdLock(target: TestDatabase, table: string, mode = "ACCESS SHARE"): Promise<Held> {
  const holder = server.cluster.psql(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE; SELECT pg_sleep(601)`, {
    database: target.name,
  });
  const ended = holder.then(() => {}, () => {});
  const mine = `FROM pg_stat_activity WHERE datname = '${target.name}' AND query LIKE '%pg_sleep(601)%'
    AND wait_event = 'PgSleep'`;
  await until(async () => await server.cluster.psql(`SELECT count(*) ${mine}`) === "1");
  const pid = Number(await server.cluster.psql(`SELECT pid ${mine}`));
  const release = async () => {
    await server.cluster.psql(`SELECT pg_terminate_backend(pid) ${mine}`).catch(() => {});
    await ended;
  };
  return { pid, release, [Symbol.asyncDispose]: release };
}

interface SmallDisk extends AsyncDisposable {
  /** Of a database whose rows do not fit. */
  readonly backup: string;
}

/** Some 650 bytes a row on disk. */
const fill = (rows: number) =>
  `INSERT INTO large SELECT repeat(md5(i::text), 20) FROM generate_series(1, ${rows}) AS i`;

/**
 * A disk that the rows of a backup do not fit on: a table space on a small file system, or where that may not be mounted,
 * a limit on the size of the server's files (above that of a WAL segment).
 */
async function smallDisk(): Promise<SmallDisk> {
  await using stack = new AsyncDisposableStack();
  const from = await server.createDatabase();
  const space = await Deno.makeTempDir({ prefix: "pgstrata-small-disk-" });
  stack.defer(() => Deno.remove(space, { recursive: true }));
  const mount = await new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", "size=8m", "tmpfs", space] }).output();
  const { uid, gid } = await Deno.stat(server.cluster.dataFolder);
  let backup: string;
  if (mount.success) {
    stack.defer(async () => void await new Deno.Command("umount", { args: [space] }).output());
    await Deno.chown(space, uid, gid);
    await server.cluster.psql(`CREATE TABLESPACE small LOCATION '${space}'`);
    stack.defer(async () => void await server.cluster.psql("DROP TABLESPACE small"));
    await from.psql(`CREATE TABLE large (v text) TABLESPACE small; ${fill(4000)}`);
    stack.defer(async () => void await from.psql("DROP TABLE large"));
    backup = await backUp(server, from.url);
    await from.psql(fill(6000));
  } else {
    await from.psql(`CREATE TABLE large (v text); ${fill(40_000)}`);
    backup = await backUp(server, from.url);
    const [pid = ""] = (await Deno.readTextFile(`${server.cluster.dataFolder}/postmaster.pid`)).split("\n");
    // By the server's user: not even root may always do it for another.
    const as = Deno.uid() === 0 ? { uid: uid ?? 0, gid: gid ?? 0 } : {};
    const limit = async (bytes: string) => {
      const args = [`--fsize=${bytes}:`, `--pid=${pid}`];
      const { success, stderr } = await new Deno.Command("prlimit", { args, ...as }).output();
      if (!success) throw new Error(`neither mount nor prlimit works here: ${new TextDecoder().decode(stderr)}`);
    };
    await limit(`${17 * 1024 * 1024}`);
    stack.defer(() => limit("unlimited"));
  }
  const owned = stack.move();
  return { backup, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Polls until something is so, for at most two minutes, and while the run goes on that is to bring it about. */
async function until(condition: () => Promise<boolean>, run?: Running): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!await condition()) {
    if (run?.ended === true) throw new Error(`it ended before: ${run.stderr}`);
    if (Date.now() > deadline) throw new Error("it never came so");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
