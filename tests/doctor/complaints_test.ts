/**
 * What users of such tools complain of most (from public threads, most seen first), and the test that provokes it and
 * sees the right finding or the right outcome. Where no other test did, it is below the table.
 */
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import postgres from "postgres";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { runMain } from "../tasks/run_main.ts";

/** A complaint, and the tests that cover it: file below `tests/`, and a part of the test's name. */
interface Complaint {
  readonly number: number;
  readonly what: string;
  readonly tests: readonly (readonly [file: string, name: string])[];
}

const HERE = "doctor/complaints_test.ts";

const COMPLAINTS: readonly Complaint[] = [
  {
    number: 1,
    what: "the direct host has only IPv6",
    tests: [
      ["doctor/reach_test.ts", "a host that has only IPv6 where there is no route is explained"],
      ["connection/pin_target_test.ts", "pinTarget() names the session pooler when Supabase's direct host"],
    ],
  },
  {
    number: 2,
    what: "GSSAPI with old clients at the pooler",
    tests: [["doctor/reach_test.ts", "a client up to 15 at a pooler is warned of GSSAPI"]],
  },
  {
    number: 3,
    what: "the client is older than the server",
    tests: [
      ["doctor/reach_test.ts", "a client older than the server is a problem with the line that installs the right one"],
      [HERE, "a backup with a client older than the server is refused"],
    ],
  },
  {
    number: 4,
    what: "a restore into another project floods errors",
    tests: [["restore/supabase_target_test.ts", "a Supabase project restores into a fresh one as postgres"]],
  },
  {
    number: 5,
    what: "rows of vault cannot be inserted",
    tests: [
      ["doctor/database_test.ts", "vault's missing root key is a warning once there are secrets"],
      ["restore/supabase_target_test.ts", "a restore into Supabase says what it left out, and why"],
    ],
  },
  {
    number: 6,
    what: "the dump fails on managed schemas",
    tests: [
      ["doctor/database_test.ts", "relations that the role cannot read are named one by one"],
      ["backup/backup_test.ts", "what the role may not read fails the backup by name"],
    ],
  },
  {
    number: 7,
    what: "policies and triggers on auth and storage are lost",
    tests: [[
      "restore/supabase_target_test.ts",
      "policies on the platform's tables are restored where supautils allows",
    ]],
  },
  {
    number: 8,
    what: "pgmq's queues are dropped",
    tests: [
      ["doctor/database_test.ts", "the meaning of a backup for ${name} is told"],
      ["backup/backup_test.ts", "rows of an extension's tables are copied into the table tier and named"],
    ],
  },
  {
    number: 9,
    what: "pg_cron after a restore",
    tests: [["restore/supabase_target_test.ts", "pg_cron's jobs come back inactive, or active when asked for"]],
  },
  {
    number: 10,
    what: "plain dumps stopped restoring",
    tests: [
      [HERE, "the plain files of a backup go through a driver and an older psql"],
      ["restore/restore_versions_test.ts", "restores into PostgreSQL ${older}"],
    ],
  },
  {
    number: 11,
    what: "failure reported as success, empty files, and retention then removes the good ones",
    tests: [
      [HERE, "an empty and a cut archive are found, and nothing is pruned on their account"],
      ["backup/faults_test.ts", "kill -9 of pg_dump fails the backup and leaves nothing"],
      ["verify/verify_test.ts", "a truncated archive is named with the place where it ends"],
    ],
  },
  {
    number: 12,
    what: "nobody was told that it did not run",
    tests: [
      ["notice/ping_test.ts", "a ping goes as POST with a short body: start, then success"],
      ["doctor/shelf_test.ts", "a newest backup of ${hours} hours is ${state}"],
      ["doctor/shelf_test.ts", "runs that failed since the newest backup are a problem"],
    ],
  },
  {
    number: 13,
    what: "prove that it restores",
    tests: [
      ["verify/drill_test.ts", "every tier of the sample database of PostgreSQL ${major} comes back equal"],
      ["doctor/shelf_test.ts", "backups that were never read back and never restored are warnings"],
    ],
  },
  {
    number: 14,
    what: "files of Storage are not in a database backup",
    tests: [["doctor/database_test.ts", "files of Storage, which no database backup has, are told with their number"]],
  },
  {
    number: 15,
    what: "exclude and include tables or schemas",
    tests: [["backup/backup_test.ts", "patterns choose schemas, tables and data as pg_dump's do"]],
  },
  {
    number: 16,
    what: "a filter of schemas, since internal ones are forbidden",
    tests: [
      ["tasks/backup_request_test.ts", "backupRequest() adds what pgstrata.json leaves out and expects"],
      ["backup/backup_test.ts", "patterns choose schemas, tables and data as pg_dump's do"],
    ],
  },
  {
    number: 17,
    what: "retention deletes the wrong ones, or none",
    tests: [
      ["catalog/retention_test.ts", "never removed: ${what}"],
      ["catalog/retention_test.ts", "nothing of an environment is removed when its newest backup ${what}"],
      ["catalog/retention_property_test.ts", "retention keeps its promises over 10 000 random histories"],
    ],
  },
  {
    number: 18,
    what: "managed PostgreSQL without superuser",
    tests: [
      [HERE, "a role that is no superuser and may read everything makes a complete backup"],
      ["restore/restore_mistakes_test.ts", "an owner that is no superuser restores a database of its own"],
    ],
  },
  {
    number: 19,
    what: "roles are missing from the backup",
    tests: [["restore/restore_roles_test.ts", "restore creates roles that are missing, with attributes, passwords"]],
  },
  {
    number: 20,
    what: "many tables: the lock table is exhausted, or it is very slow",
    tests: [
      ["doctor/database_test.ts", "more tables than the lock table has room for are a problem"],
      ["backup/backup_test.ts", "2000 tables make three tiers of 2000 tables"],
      ["connection/snapshot_test.ts", "openSnapshot() says what to raise when the server's lock table is full"],
    ],
  },
  {
    number: 21,
    what: "Prometheus metrics",
    tests: [["notice/metrics_test.ts", "promtool finds nothing to say about the metrics"]],
  },
  {
    number: 22,
    what: "backups that describe themselves and need no tool",
    tests: [[HERE, "a backup says what it is, and PostgreSQL's own tools alone bring it back"]],
  },
  {
    number: 23,
    what: "several destinations, and increments",
    tests: [
      [HERE, "a backup goes to every place for copies in one run"],
      ["backup/dedup_test.ts", "a second backup of an unchanged database with ${engine} costs at most 5 %"],
    ],
  },
  {
    number: 24,
    what: "no progress, no log; row-level security",
    tests: [
      ["doctor/database_test.ts", "row-level security that hides rows is a problem"],
      ["tasks/progress_test.ts", "Progress writes lines at a sane rate"],
      ["tasks/notify_test.ts", "--log-json"],
    ],
  },
  {
    number: 25,
    what: "encrypted before it is on disk; the session pooler's cap of clients",
    tests: [
      ["crypt/folder_test.ts", "a backup is encrypted before it is sealed"],
      ["doctor/database_test.ts", "the session pooler's 15 clients limit --jobs"],
    ],
  },
];

Deno.test("each of the 25 complaints has its tests, by names that are there", async () => {
  assertEquals(COMPLAINTS.map(({ number }) => number), Array.from({ length: 25 }, (_, index) => index + 1));
  const missing: string[] = [];
  for (const { number, what, tests } of COMPLAINTS) {
    for (const [file, name] of tests) {
      const text = await Deno.readTextFile(new URL(`../${file}`, import.meta.url)).catch(() => "");
      // The name, where a test's name stands: not in this table.
      const found = text.split("\n").some((line) =>
        line.includes(name) && /\b(?:Deno\.test|titled)\(|^\s+[`"]|^\s+titled/.test(line) && !line.includes("], [") &&
        !/^\s*\[/.test(line) && !/tests: \[/.test(line)
      );
      if (!found) missing.push(`${number} (${what}): ${file}: ${name}`);
    }
  }
  assertEquals(missing, []);
});

const server = await testServer();

/** A folder in which pgstrata runs against a database. */
async function project(
  folder: string,
  sql: string,
  given: Readonly<Record<string, string>> = {},
): Promise<{ readonly run: (...args: string[]) => ReturnType<typeof runMain>; readonly url: string }> {
  const database = await server.createDatabase({ sql });
  const env = { DATABASE_URL_PROD: database.url, PGSTRATA_PG_BIN: server.tools.folder, ...given };
  return { url: database.url, run: (...args) => runMain(args, { env, cwd: folder }) };
}

const ROWS = "CREATE TABLE public.notes (id int PRIMARY KEY, text text); " +
  "INSERT INTO public.notes VALUES (1, 'one'), (2, E'tab\\there'), (3, NULL); CREATE VIEW v AS SELECT id FROM notes";

Deno.test("a backup with a client older than the server is refused, with the line that installs the right one", async () => {
  await using folder = await TempFolder.create();
  const bin = join(folder.path, "bin");
  await Deno.mkdir(bin);
  for (const name of ["pg_dump", "pg_dumpall", "pg_restore"]) {
    await Deno.writeTextFile(join(bin, name), `#!/bin/sh\necho "${name} (PostgreSQL) 12.3"\n`, { mode: 0o755 });
  }
  // The server says that it is of 99: no client here is new enough.
  const database = await server.createDatabase();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stop = pretendVersion(listener, "99.1");
  const env = {
    DATABASE_URL_PROD: `postgresql://postgres@127.0.0.1:${
      (listener.addr as Deno.NetAddr).port
    }/${database.name}?sslmode=disable`,
    PGSTRATA_PG_BIN: bin,
  };
  const { code, stderr } = await runMain(["backup", "prod"], { env, cwd: folder.path });
  await stop();
  assertEquals(code, 5, stderr);
  assertMatch(stderr, /99/);
  assertStringIncludes(stderr, "postgresql-client-99");
  assertEquals([...Deno.readDirSync(join(folder.path, "backups"))].map(({ name }) => name), [".pgstrata"]);
});

/** Passes bytes on between a client and the server's socket; the server's version in its greeting is another one. */
function pretendVersion(listener: Deno.TcpListener, version: string): () => Promise<void> {
  const open = new Set<Deno.Conn>();
  const served = (async () => {
    for await (const client of listener) {
      const behind = await Deno.connect({ transport: "unix", path: socketOf(server.cluster.env("postgres")) });
      for (const each of [client, behind]) open.add(each);
      const changed = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => controller.enqueue(withVersion(chunk, version)),
      });
      Promise.all([
        client.readable.pipeTo(behind.writable),
        behind.readable.pipeThrough(changed).pipeTo(client.writable),
      ]).catch(() => {});
    }
  })();
  return async () => {
    listener.close();
    for (const each of open) {
      try {
        each.close();
      } catch {
        // It has ended by itself.
      }
    }
    await served;
  };
}

/** A chunk with the version of the greeting and `server_version_num` in answers replaced, the lengths kept. */
function withVersion(chunk: Uint8Array, version: string): Uint8Array {
  const text = new TextDecoder("latin1").decode(chunk);
  const changed = text
    .replace(/(?<=server_version\0)[^\0]+/, (known) => version.padEnd(known.length))
    // A value of six bytes: its length stands before it.
    .replaceAll(/(?<=\0\0\0[^\0])150\d{3}/g, "990001");
  return Uint8Array.from(changed, (letter) => letter.charCodeAt(0));
}

Deno.test("the plain files of a backup go through a driver and an older psql: no restrict, no setting of newer servers", async () => {
  await using folder = await TempFolder.create();
  const { run } = await project(folder.path, ROWS);
  const { code, stdout, stderr } = await run("backup", "prod");
  assertEquals(code, 0, stderr);
  const backup = join(folder.path, stdout.trim());
  const files = (await processText({ program: "find", args: [backup, "-name", "*.sql"] })).trim().split("\n");
  assert(files.length >= 4, files.join());
  for (const file of files) {
    const text = await Deno.readTextFile(file);
    assertFalse(/^\\(?:un)?restrict|transaction_timeout/m.test(text), file);
  }
  // A driver knows no line that begins with a backslash.
  const target = await server.createDatabase();
  const sql = postgres({
    path: socketOf(server.cluster.env(target.name)),
    database: target.name,
    username: "postgres",
    max: 1,
    onnotice: () => {},
  });
  try {
    await sql.unsafe(await Deno.readTextFile(join(backup, "schema.sql"))).simple();
    const [row] = await sql.unsafe("SELECT count(*)::int AS views FROM pg_views WHERE schemaname = 'public'");
    assertEquals(row?.["views"], 1);
  } finally {
    await sql.end();
  }
});

/** Path of the server's socket. */
function socketOf(env: Readonly<Record<string, string>>): string {
  return `${env["PGHOST"]}/.s.PGSQL.${env["PGPORT"] ?? "5432"}`;
}

Deno.test("an empty and a cut archive are found, and nothing is pruned on their account", async () => {
  await using folder = await TempFolder.create();
  const { run } = await project(folder.path, ROWS);
  const made: string[] = [];
  for (const label of ["one", "two", "three"]) {
    const { code, stdout, stderr } = await run("backup", "prod", label);
    assertEquals(code, 0, stderr);
    made.push(stdout.trim());
  }
  const newest = made.at(-1) ?? "";
  const archive = join(folder.path, newest, "db_full.dump");
  const whole = await Deno.readFile(archive);
  for (const bytes of [new Uint8Array(), whole.slice(0, whole.length / 2)]) {
    await Deno.chmod(archive, 0o600);
    await Deno.writeFile(archive, bytes);
    const { code, stderr, stdout } = await run("verify", newest);
    assertEquals(code, 3, stderr);
    assertStringIncludes(stdout + stderr, "db_full.dump");
  }
  const prune = await run("prune", "prod", "--keep-last", "1", "--apply");
  assertEquals(prune.code, 7, prune.stdout + prune.stderr);
  for (const path of made) assert((await Deno.stat(join(folder.path, path))).isDirectory, path);
  const doctor = await run("doctor", "prod", "--json");
  const { environments } = JSON.parse(doctor.stdout);
  const check = environments[0].checks.find(({ name }: { name: string }) => name === "last_backup_state");
  assertEquals([doctor.code, check.state], [3, "problem"]);
  assertStringIncludes(check.message, "was found damaged");
});

Deno.test("a role that is no superuser and may read everything makes a complete backup, and is told of passwords", async () => {
  await using folder = await TempFolder.create();
  const { run, url } = await project(
    folder.path,
    `${ROWS};
    CREATE ROLE managed LOGIN; GRANT pg_read_all_data TO managed; CREATE ROLE secretive LOGIN PASSWORD 'x'`,
  );
  const managed = await runMain(["backup", "prod"], {
    cwd: folder.path,
    env: { DATABASE_URL_PROD: url.replace("postgres@", "managed@"), PGSTRATA_PG_BIN: server.tools.folder },
  });
  assertEquals(managed.code, 0, managed.stderr);
  const backup = join(folder.path, managed.stdout.trim());
  const roles = await Deno.readTextFile(join(backup, "roles.sql"));
  assertStringIncludes(roles, "CREATE ROLE secretive");
  assertFalse(/SCRAM|PASSWORD/.test(roles));
  assertEquals(JSON.parse(await Deno.readTextFile(join(backup, "manifest.json"))).status, "complete");
  assertEquals((await run("verify", managed.stdout.trim(), "--drill")).code, 0);
});

Deno.test("a backup says what it is, and PostgreSQL's own tools alone bring it back", async () => {
  await using folder = await TempFolder.create();
  const { run, url } = await project(folder.path, ROWS);
  const { code, stdout, stderr } = await run("backup", "prod", "ticket-7");
  assertEquals(code, 0, stderr);
  assertMatch(stdout.trim(), /^backups\/\d{8}_\d{6}_prod_ticket-7$/);
  const backup = join(folder.path, stdout.trim());
  const manifest = JSON.parse(await Deno.readTextFile(join(backup, "manifest.json")));
  assertEquals([manifest.environment, manifest.label, manifest.status], ["prod", "ticket-7", "complete"]);
  assertStringIncludes(JSON.stringify(manifest), server.tools.version);
  assertStringIncludes(await Deno.readTextFile(join(backup, "version.txt")), "PostgreSQL");
  assertStringIncludes(await Deno.readTextFile(join(backup, "summary.txt")), "pg_restore");
  await processText({ program: "sha256sum", args: ["--check", "--quiet", "SHA256SUMS"], cwd: backup });
  const count = "SELECT string_agg(id || coalesce(text, '-'), ',' ORDER BY id) FROM notes";
  const expected = await processText({ program: server.tools.program("psql"), args: ["-Atc", count, url] });
  const target = await server.createDatabase();
  await processText({
    program: server.tools.program("pg_restore"),
    args: ["--exit-on-error", `--dbname=${target.url}`, join(backup, "db_full.dump")],
  });
  assertEquals((await target.psql(count)).trim(), expected.trim());
  const other = await server.createDatabase();
  for (const file of ["schema.sql", "data.sql"]) {
    await processText({
      program: server.tools.program("psql"),
      args: ["-qX", "-v", "ON_ERROR_STOP=1", "-f", join(backup, "public/tables/notes", file), other.url],
    });
  }
  assertEquals((await other.psql(count)).trim(), expected.trim());
});

Deno.test("a backup goes to every place for copies in one run; one that fails does not keep it from the others", async () => {
  await using folder = await TempFolder.create();
  const { run } = await project(folder.path, ROWS);
  const places = ["first", "missing", "last"];
  for (const name of ["first", "last"]) await Deno.mkdir(join(folder.path, name));
  await Deno.writeTextFile(
    join(folder.path, "pgstrata.json"),
    JSON.stringify({ storage: places.map((name) => ({ name, url: `file://${folder.path}/${name}` })) }),
  );
  const { code, stderr } = await run("backup", "prod", "--push");
  assert(code !== 0, "a place that is not there is told");
  assertStringIncludes(stderr, "missing");
  for (const name of ["first", "last"]) {
    assertEquals(
      [...Deno.readDirSync(join(folder.path, name))].filter((entry) => /_prod$/.test(entry.name)).length,
      1,
      name,
    );
  }
});
