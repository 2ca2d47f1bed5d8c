/** Faults on purpose, through the command line as users run it: exit code, hint, nothing left behind, no secret seen. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Secret } from "../../lib/base/mod.ts";
import { DisposableCluster } from "../../lib/postgres/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { CutProxy } from "../storage/cut_proxy.ts";
import { mainArguments, type MainRun, passedOn, runMain } from "../tasks/run_main.ts";
import { folderNames } from "./backup_fixture.ts";

/** One that nobody gets by chance: a service of old that no system has any more. */
const NOBODYS_PORT = 1;

const PASSWORD = "S3cret/pass word'%41";
const server = await testServer();
const { tools } = server;

/** A server with TCP and a password, and a table large enough to be interrupted in. */
const cluster = await DisposableCluster.start({ tools, tcp: { password: new Secret(PASSWORD) } });
addEventListener("unload", () => cluster.disposeSync());
await cluster.psql(
  "CREATE TABLE big AS SELECT i, repeat(md5(i::text), 30) AS v FROM generate_series(1, 250000) i; CREATE TABLE small (a int)",
);

function url(changes: { password?: string; port?: number; host?: string; database?: string } = {}): string {
  const password = encodeURIComponent(changes.password ?? PASSWORD);
  const host = changes.host ?? "127.0.0.1";
  return `postgresql://postgres:${password}@${host}:${changes.port ?? cluster.port}/${changes.database ?? "postgres"}`;
}

async function backup(
  shelf: string,
  databaseUrl: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
) {
  const run = await runMain(["backup", "prod", "--dir", shelf, ...args], {
    cwd: shelf,
    env: { DATABASE_URL_PROD: databaseUrl, PGSTRATA_PG_BIN: tools.folder, ...env },
  });
  assertNoSecret(run);
  return run;
}

function assertNoSecret({ stdout, stderr }: MainRun): void {
  for (const form of [PASSWORD, encodeURIComponent(PASSWORD)]) {
    assert(!stdout.includes(form) && !stderr.includes(form), "the password was printed");
  }
  assert(!/\n\s+at .*\.ts:\d+/.test(stderr), `a stack trace was printed: ${stderr}`);
}

/** Names in the shelf but our own notes. */
async function left(shelf: string): Promise<string[]> {
  return (await folderNames(shelf)).filter((name) => name !== ".pgstrata");
}

const REFUSALS: readonly {
  readonly name: string;
  readonly url: () => string | Promise<string>;
  readonly env?: Record<string, string>;
  readonly code: number;
  readonly says: RegExp;
}[] = [
  { name: "a wrong password", url: () => url({ password: "wrong" }), code: 4, says: /password/i },
  { name: "an unknown host", url: () => url({ host: "no-such-host.invalid" }), code: 4, says: /no-such-host\.invalid/ },
  { name: "a refused port", url: () => url({ port: NOBODYS_PORT }), code: 4, says: /refused/i },
  { name: "an unknown database", url: () => url({ database: "nothing_here" }), code: 4, says: /nothing_here/ },
  {
    name: "a transaction pooler",
    url: () => "postgresql://postgres.abcdefghijklmnopqrst:x@aws-0-eu-west-1.pooler.supabase.com:6543/postgres",
    code: 4,
    says: /6543[^]*5432/,
  },
  { name: "no URL", url: () => "", code: 2, says: /DATABASE_URL_PROD/ },
  {
    name: "a missing tool",
    url: () => url(),
    env: { PGSTRATA_PG_BIN: "/nonexistent" },
    code: 5,
    says: /PGSTRATA_PG_BIN|nonexistent/,
  },
];

for (const refusal of REFUSALS) {
  Deno.test(`${refusal.name} ends with exit code ${refusal.code}, a hint and an empty shelf`, async () => {
    await using shelf = await TempFolder.create();
    const run = await backup(shelf.path, await refusal.url(), [], refusal.env);
    assertEquals(run.code, refusal.code, run.stderr);
    assertMatch(run.stderr, refusal.says);
    assertMatch(run.stderr, /^hint: \S/m);
    assertEquals(await left(shelf.path), []);
  });
}

Deno.test("a client older than the server is refused with the line that installs the right one", async () => {
  await using shelf = await TempFolder.create();
  const fake = join(shelf.path, "old");
  await Deno.mkdir(fake);
  for (const name of ["pg_dump", "pg_dumpall", "pg_restore", "psql"]) {
    await Deno.writeTextFile(join(fake, name), `#!/bin/sh\necho "${name} (PostgreSQL) 12.22"\n`, { mode: 0o755 });
  }
  const { findToolSets, chooseToolSet } = await import("../../lib/postgres/mod.ts");
  const found = await findToolSets({ env: {}, need: ["pg_dump"], places: [{ folder: fake, source: "test" }] });
  try {
    chooseToolSet(found, 15, "client");
    throw new Error("an older client was accepted");
  } catch (error) {
    assertStringIncludes(String((error as Error).message), "12.22");
    assertEquals((error as { exit?: number }).exit, 5);
  }
});

Deno.test("a folder that cannot be written is refused before the database is touched", async () => {
  await using shelf = await TempFolder.create();
  const file = join(shelf.path, "file");
  await Deno.writeTextFile(file, "");
  const run = await backup(shelf.path, url(), ["--dir", join(file, "below")]);
  assertEquals(run.code, 2, run.stderr);
  const other = await runMain(["backup", "prod", "--dir", join(file, "below")], {
    cwd: shelf.path,
    env: { DATABASE_URL_PROD: url(), PGSTRATA_PG_BIN: tools.folder },
  });
  assertEquals(other.code, 1, other.stderr);
  assertMatch(other.stderr, /hint: Choose a folder/);
});

Deno.test("a full disk ends with exit code 6 and leaves nothing", async () => {
  await using shelf = await TempFolder.create();
  const tiny = join(shelf.path, "tiny");
  await Deno.mkdir(tiny);
  const mount = await new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", "size=40m", "tmpfs", tiny] }).output();
  if (mount.success) {
    try {
      const run = await backup(tiny, url());
      assertEquals(run.code, 6, run.stderr);
      assertMatch(run.stderr, /hint: Free space/);
      assertEquals(await left(tiny), []);
    } finally {
      await new Deno.Command("umount", { args: [tiny] }).output();
    }
    return;
  }
  // Without the right to mount: a limit on the size of files fails the same way.
  const { code, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      'ulimit -f 40000; trap "" XFSZ; exec "$@"',
      "sh",
      Deno.execPath(),
      ...mainArguments(["backup", "prod", "--dir", tiny]),
    ],
    env: { ...passedOn(), DATABASE_URL_PROD: url(), PGSTRATA_PG_BIN: tools.folder },
    clearEnv: true,
  }).output();
  assertEquals(code, 6, new TextDecoder().decode(stderr));
  assertEquals(await left(tiny), []);
});

/** A backup that runs in the background, and what it says so far. */
class Running {
  stderr = "";
  readonly #drained: Promise<unknown>;

  constructor(readonly child: Deno.ChildProcess) {
    this.#drained = (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) this.stderr += text;
    })();
  }

  static start(shelf: string, databaseUrl: string, args: readonly string[] = []): Running {
    return new Running(
      new Deno.Command(Deno.execPath(), {
        args: mainArguments(["backup", "prod", "--dir", shelf, ...args]),
        cwd: shelf,
        env: { ...passedOn(), NO_COLOR: "1", DATABASE_URL_PROD: databaseUrl, PGSTRATA_PG_BIN: tools.folder },
        clearEnv: true,
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn(),
    );
  }

  async end(): Promise<{ readonly code: number; readonly stderr: string }> {
    const { code } = await this.child.status;
    await this.#drained;
    assertNoSecret({ code, stdout: "", stderr: this.stderr });
    return { code, stderr: this.stderr };
  }
}

async function until<T>(what: string, look: () => Promise<T | null | false> | T | null | false): Promise<T> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const seen = await look();
    if (seen !== null && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never seen: ${what}`);
}

/** A line to the server on which a backup stops in the middle of the big table until it is released: no race with it. */
function heldLine(): CutProxy {
  const line = new CutProxy(cluster.port);
  line.arm({ holdAfterDown: 20_000_000 });
  return line;
}

/** Waits until pg_dump writes the big table's raw file; gives the pids of our pg_dump processes. */
async function reading(shelf: string): Promise<number[]> {
  await until("a raw file of the big table", async () => {
    const partial = (await left(shelf)).find((name) => name.endsWith(".partial"));
    if (partial === undefined) return null;
    const raw = join(shelf, partial, ".work", "raw");
    for (const name of await folderNames(raw)) {
      if (name.endsWith(".dat") && (await Deno.stat(join(raw, name)).catch(() => null))?.size) return true;
    }
    return null;
  });
  return await pidsOf((line) => line.includes("pg_dump") && line.includes(shelf));
}

/** Processes whose command line is meant. */
async function pidsOf(isMeant: (line: string) => boolean): Promise<number[]> {
  const lines = (await processText({ program: "ps", args: ["-e", "-ww", "-o", "pid=,args="] })).split("\n");
  return lines.filter((line) => isMeant(line)).map((line) => Number.parseInt(line));
}

async function assertGone(shelf: string): Promise<void> {
  await until(
    "the end of pg_dump",
    () => pidsOf((line) => line.includes("pg_dump") && line.includes(shelf)).then((pids) => pids.length === 0),
  );
  await until("the end of our sessions", async () => {
    const text = await cluster.psql(
      "\\t on\n\\a\nSELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgstrata' AND backend_type = 'client backend';",
    );
    return text.trim() === "0";
  });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} stops pg_dump, removes the unfinished folder and exits with 130`, async () => {
    await using shelf = await TempFolder.create();
    await using line = heldLine();
    const running = Running.start(shelf.path, url({ port: line.port }));
    await reading(shelf.path);
    running.child.kill(signal);
    line.release();
    const { code, stderr } = await running.end();
    assertEquals(code, 130, stderr);
    assertEquals(await left(shelf.path), []);
    await assertGone(shelf.path);
  });
}

Deno.test("no process shows the password, whoever lists them", async () => {
  await using shelf = await TempFolder.create();
  await using line = heldLine();
  const running = Running.start(shelf.path, url({ port: line.port }));
  await reading(shelf.path);
  const forms = [PASSWORD, encodeURIComponent(PASSWORD)];
  assertEquals(await pidsOf((line) => forms.some((form) => line.includes(form))), []);
  const dumps = await pidsOf((line) => line.includes("pg_dump") && line.includes(shelf.path));
  assert(dumps.length > 0);
  for (const pid of dumps) {
    // Deno itself may read /proc only with all permissions.
    const environment = await processText({ program: "cat", args: [`/proc/${pid}/environ`] }).catch(() => "");
    assert(!forms.some((form) => environment.includes(form)), "the password is in pg_dump's environment");
  }
  line.release();
  assertEquals((await running.end()).code, 0);
  // Nor does anything that was written hold it.
  const grep = await new Deno.Command("grep", {
    args: ["-rFl", "-e", PASSWORD, "-e", encodeURIComponent(PASSWORD), shelf.path],
  }).output();
  assertEquals(new TextDecoder().decode(grep.stdout), "");
});

Deno.test("kill -9 of pgstrata leaves a partial folder that the next run removes, and no pg_dump", async () => {
  await using shelf = await TempFolder.create();
  await using line = heldLine();
  const running = Running.start(shelf.path, url({ port: line.port }));
  await reading(shelf.path);
  running.child.kill("SIGKILL");
  line.release();
  await running.end();
  await assertGone(shelf.path);
  const before = await left(shelf.path);
  assertEquals(before.map((name) => name.endsWith(".partial")), [true]);
  const next = await backup(shelf.path, url());
  assertEquals(next.code, 0, next.stderr);
  assertStringIncludes(next.stderr, before[0] ?? "");
  assertEquals((await left(shelf.path)).map((name) => name.endsWith(".partial")), [false]);
});

Deno.test("kill -9 of pg_dump fails the backup and leaves nothing", async () => {
  await using shelf = await TempFolder.create();
  await using line = heldLine();
  const running = Running.start(shelf.path, url({ port: line.port }));
  const [pid] = await reading(shelf.path);
  assert(pid !== undefined);
  Deno.kill(pid, "SIGKILL");
  line.release();
  const { code, stderr } = await running.end();
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /hint: /);
  assertEquals(await left(shelf.path), []);
  await assertGone(shelf.path);
});

Deno.test("a server that stops in the middle ends with exit code 4 and nothing left", async () => {
  await using shelf = await TempFolder.create();
  await using line = heldLine();
  const running = Running.start(shelf.path, url({ port: line.port }));
  await reading(shelf.path);
  await cluster.stop("immediate");
  line.release();
  try {
    const { code, stderr } = await running.end();
    assertEquals(code, 4, stderr);
    assertMatch(stderr, /hint: /);
    assertEquals(await left(shelf.path), []);
  } finally {
    await cluster.resume();
  }
});

Deno.test("a table that somebody keeps locked fails the backup by the name of the holder", async () => {
  await using shelf = await TempFolder.create();
  const holder = new Deno.Command(tools.program("psql"), {
    args: ["-X", "-c", "BEGIN; LOCK TABLE small; SELECT pg_sleep(600)", cluster.url()],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await until(
      "the lock",
      async () =>
        (await cluster.psql(
          "\\t on\n\\a\nSELECT count(*) FROM pg_locks WHERE relation = 'small'::regclass AND granted;",
        )).trim() ===
          "1",
    );
    const run = await backup(shelf.path, url(), ["--lock-wait-timeout", "500ms"]);
    assertEquals(run.code, 1, run.stderr);
    assertStringIncludes(run.stderr, "small");
    assertMatch(run.stderr, /pg_terminate_backend\(\d+\)/);
    assertEquals(await left(shelf.path), []);
  } finally {
    holder.kill("SIGKILL");
    await holder.status;
    await cluster.psql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND pid <> pg_backend_pid();",
    );
  }
});

Deno.test("a table dropped or emptied in the middle is in the backup all the same", async () => {
  await using shelf = await TempFolder.create();
  await cluster.psql("CREATE TABLE victim AS SELECT 1 AS a");
  const running = Running.start(shelf.path, url(), ["--lock-wait-timeout", "1s"]);
  await reading(shelf.path);
  const drop = new Deno.Command(tools.program("psql"), {
    args: ["-X", "-c", "DROP TABLE victim", cluster.url()],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const { code, stderr } = await running.end();
  assertEquals((await drop.status).code, 0);
  assertEquals(stderr.includes("no password supplied"), false, stderr);
  // The DROP waits for the backup; if it came before pg_dump's worker took its own lock, the run is tried again.
  assert(code === 0 || /exclusive lock/.test(stderr), stderr);
  if (code === 0) {
    const [name] = await left(shelf.path);
    const data = await Deno.readTextFile(join(shelf.path, name ?? "", "public/tables/victim/data.sql"));
    assertMatch(data, /^1\n\\\.$/m);
  }
});
