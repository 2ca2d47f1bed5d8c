import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError, systemClock } from "../../lib/base/mod.ts";
import { runBackup } from "../../lib/backup/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { parseCommandLine } from "../../tasks/parse.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import type { Invocation } from "../../tasks/command.ts";
import type { EXPORT_OPTIONS, PRUNE_OPTIONS } from "../../tasks/commands/snapshot.ts";
import { run as runExport } from "../../tasks/snapshot_export.ts";
import { run as runPrune } from "../../tasks/snapshot_prune.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { fakeContext } from "./fake_context.ts";

const TABLES = `CREATE TABLE experts (id int PRIMARY KEY, name text);
INSERT INTO experts SELECT i, 'expert ' || i FROM generate_series(1, 10) AS i;
CREATE TABLE bookings (id int);`;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `pgstrata snapshot …` in this process, against one database. */
function runner(url: string, dir: string, bin = ""): (...words: string[]) => Promise<Outcome> {
  return async (...words) => {
    const line = parseCommandLine(["snapshot", ...words], COMMANDS);
    const context = fakeContext({
      env: { DATABASE_URL: url, PATH: `${bin}:${Deno.env.get("PATH") ?? ""}` },
      dir,
      json: line.global.json,
    });
    const code = line.command === null ? -1 : await line.command.run(line.invocation, context);
    return { code, out: context.out.text(), err: context.err.text() };
  };
}

for (const major of testedMajors()) {
  const server = await testServer(major);
  const on = (name: string) => `${name} (PostgreSQL ${major})`;

  Deno.test(on("snapshot goes all the way: install, create, list, diff, restore, prune, uninstall"), async () => {
    const database = await server.createDatabase({ sql: TABLES });
    const snapshot = runner(database.url, "/nowhere");
    await assertRejects(() => snapshot("list"), PgstrataError, "they are not installed");
    assertStringIncludes((await snapshot("install")).err, "Installed table snapshots (version 1, owner postgres)");
    assertStringIncludes((await snapshot("install")).err, "up to date");
    await assertRejects(() => snapshot("create", "experts"), PgstrataError, "a copy needs a reason");
    const made = await snapshot(
      "create",
      "experts",
      "bookings",
      "--reason",
      "Pre-v2",
      "--ticket",
      "OPS-1",
      "--hash",
      "--requested-by",
      "eve",
    );
    assertMatch(made.out, /^experts_backup_\d{4}_\d\d_\d\d_\d{6}\nbookings_backup_\d{4}_\d\d_\d\d_\d{6}\n$/);
    const list = await snapshot("list");
    assertMatch(list.out, /1 {2}public\.experts +experts_backup_\S+ +10 .*pre-migration {2}Pre-v2 \[OPS-1\]/);
    assertMatch(list.out, /\n\n2 snapshots, /);
    assertMatch((await snapshot("show", "1")).out, /requested by +eve\n/);
    assertMatch((await snapshot("size")).out, /pre-migration +2 /);
    await database.psql(
      "UPDATE experts SET name = 'x' WHERE id = 3; DELETE FROM experts WHERE id = 4; INSERT INTO experts VALUES (11)",
    );
    assertEquals(
      (await snapshot("diff", "1")).out,
      "public.experts since snapshot 1: 1 row added, 1 removed, 1 changed\n  ~ id=3: name\n  - id=4\n  + id=11\n",
    );
    const plan = await snapshot("restore", "1", "--replace");
    assertStringIncludes(plan.err, "1 row comes, 1 goes, 1 gets its old values");
    assertStringIncludes(plan.err, `Nothing was changed. To do it: --yes ${database.name}`);
    assertEquals(await database.psql("SELECT name FROM experts WHERE id = 3"), "x");
    const wrong = await assertRejects(() => snapshot("restore", "1", "--replace", "--yes", "prod"), PgstrataError);
    assertEquals(wrong.exit, 7);
    assertStringIncludes(
      (await snapshot("restore", "1", "--rows", "id = 3", "--yes", database.name)).err,
      "The table as it was before is snapshot 3",
    );
    assertEquals(await database.psql("SELECT count(*), max(name) FILTER (WHERE id = 3) FROM experts"), "10|expert 3");
    await snapshot("restore", "1", "--replace", "--no-safety-copy", "--yes", database.name);
    assertEquals(
      (await snapshot("diff", "1")).out,
      "public.experts since snapshot 1: 0 rows added, 0 removed, 0 changed\n",
    );
    assertEquals((await snapshot("restore", "1", "--into", "experts_before")).out, "public.experts_before\n");
    await assertRejects(() => snapshot("restore", "1"), PgstrataError, "a restore needs one way");
    await snapshot("create", "bookings", "--reason", "daily", "--kind", "daily");
    assertEquals((await snapshot("prune", "--apply")).out, "Nothing is due.\n");
    const unsure = await snapshot("uninstall");
    assertStringIncludes(unsure.err, "Would drop schema backup with 4 copies");
    await snapshot("uninstall", "--yes", database.name);
    assertEquals(await database.psql("SELECT to_regnamespace('backup')"), "");
  });

  Deno.test(on("snapshot prints one JSON document for every command that reads"), async () => {
    const database = await server.createDatabase({ sql: TABLES });
    const snapshot = runner(database.url, "/nowhere");
    const json = async (...words: string[]) => JSON.parse((await snapshot(...words, "--json")).out);
    assertEquals((await json("install")).applied, [1]);
    const [made] = (await json("create", "experts", "--reason", "r")).snapshots;
    const list = await json("list");
    assertEquals([list.version, list.command, list.environment, list.database, list.count], [
      1,
      "snapshot list",
      "staging",
      database.name,
      1,
    ]);
    assertEquals(list.snapshots[0], made);
    assertEquals((await json("show", made.backupTable)).snapshot, made);
    assertEquals((await json("size")).kinds, [{ name: "pre-migration", count: 1, bytes: made.sizeBytes }]);
    assertEquals((await json("diff", "1")).rows, { added: 0, removed: 0, changed: 0, unchanged: 10 });
    const replace = await json("restore", "1", "--replace");
    assertEquals([replace.done, replace.inserted, replace.deleted, replace.updated], [false, 0, 0, 0]);
    assertEquals((await json("prune")).plan, []);
    assertEquals((await json("adopt")).candidates, []);
    assertEquals((await json("schedule")).jobs, []);
    assertEquals((await json("uninstall")).done, false);
  });

  Deno.test(on("snapshot install --grant warns that the roles could read every copied row"), async () => {
    const database = await server.createDatabase({
      sql: `${TABLES} DO $$ BEGIN CREATE ROLE anon; EXCEPTION WHEN duplicate_object THEN NULL; END $$;`,
    });
    const snapshot = runner(database.url, "/nowhere");
    assertStringIncludes(
      (await snapshot("install", "--grant", "anon")).err,
      "warning: anon can make copies of every table they may read, and read every row of every copy",
    );
    const error = await assertRejects(
      () => snapshot("install", "--grant", "nobody_of_that_name"),
      PgstrataError,
      "there is no role",
    );
    assertEquals(error.exit, 2);
  });

  Deno.test(on("snapshot create refuses what does not fit the disk, with exit code 6"), async () => {
    const database = await server.createDatabase({ sql: TABLES });
    const snapshot = runner(database.url, "/nowhere");
    await snapshot("install");
    const error = await assertRejects(
      () => snapshot("create", "experts", "--reason", "r", "--disk-size", "10MB"),
      PgstrataError,
    );
    assertEquals(error.exit, 6);
    assertEquals((await snapshot("create", "experts", "--reason", "r", "--disk-size", "10TB")).code, 0);
  });

  Deno.test(on("snapshot export leaves a backup that pg_restore reads, then drops the copy"), async () => {
    const database = await server.createDatabase({ sql: TABLES });
    await using shelf = await TempFolder.create({ prefix: "pgstrata-snapshot-" });
    const snapshot = runner(database.url, shelf.path, server.tools.folder);
    await snapshot("install");
    await snapshot("create", "experts", "--reason", "r", "--hash");
    const { out } = await snapshot("export", "1", "--drop");
    const folder = out.trim();
    assertMatch(folder, /_staging_snapshot-1$/);
    const target = await server.createDatabase({ sql: "CREATE SCHEMA backup" });
    await processText({
      program: server.tools.program("pg_restore"),
      args: ["--exit-on-error", "--no-owner", "--dbname", target.url, join(folder, "db_full.dump")],
    });
    const copies = await target.psql(
      "SELECT relname FROM pg_class WHERE relnamespace = 'backup'::regnamespace AND relkind = 'r'",
    );
    assertMatch(copies, /^experts_backup_\S+$/);
    assertEquals(await target.psql(`SELECT count(*) FROM backup.${copies}`), "10");
    const show = await snapshot("show", "1");
    assertMatch(show.out, /status +dropped/);
    assertStringIncludes(show.out, folder);
    assertEquals(await database.psql(`SELECT to_regclass('backup.${copies}')`), "");
  });

  Deno.test(on("snapshot export keeps the copy when a file of the backup is not what was written"), async () => {
    const database = await server.createDatabase({ sql: TABLES });
    await using shelf = await TempFolder.create({ prefix: "pgstrata-snapshot-" });
    const snapshot = runner(database.url, shelf.path, server.tools.folder);
    await snapshot("install");
    await snapshot("create", "experts", "--reason", "r");
    const damaging: typeof runBackup = async (options, deps) => {
      const result = await runBackup(options, deps);
      const path = join(result.folder, "db_full.dump");
      const bytes = await Deno.readFile(path);
      bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
      await Deno.writeFile(path, bytes);
      return result;
    };
    const line = parseCommandLine(["snapshot", "export", "1", "--drop"], COMMANDS);
    const context = fakeContext({
      env: { DATABASE_URL: database.url, PATH: `${server.tools.folder}:${Deno.env.get("PATH") ?? ""}` },
      dir: shelf.path,
    });
    const error = await assertRejects(
      () => runExport(line.invocation as Invocation<typeof EXPORT_OPTIONS>, context, damaging),
      PgstrataError,
      "a file of the backup is not what was written",
    );
    assertEquals(error.exit, 3);
    assertMatch((await snapshot("show", "1")).out, /status +present/);
  });

  Deno.test(on("snapshot prune drops what is due, names what stays, and ends with the code of a failure"), async () => {
    const database = await server.createDatabase({ sql: TABLES });
    const snapshot = runner(database.url, "/nowhere");
    await snapshot("install");
    for (const kind of ["daily", "weekly", "monthly"]) {
      await snapshot("create", "experts", "--reason", "r", "--kind", kind);
    }
    const [, weekly] = (await database.psql("SELECT backup_table FROM backup.backup_metadata ORDER BY id")).split("\n");
    await database.psql(`CREATE VIEW needs AS SELECT * FROM backup.${weekly}`);
    const later = { ...systemClock, now: () => new Date(Date.now() + 400 * 86_400_000) };
    const prune = async (...words: string[]) => {
      const line = parseCommandLine(["snapshot", "prune", ...words], COMMANDS);
      const context = fakeContext({ env: { DATABASE_URL: database.url } });
      const code = await runPrune(line.invocation as Invocation<typeof PRUNE_OPTIONS>, context, later);
      return { code, out: context.out.text(), err: context.err.text() };
    };
    const plan = await prune();
    assertMatch(plan.out, /1 {2}public\.experts {2}daily .* drop\n/);
    assertMatch(plan.out, /2 {2}public\.experts {2}weekly .* stays: others depend on it; view public\.needs\n/);
    assertMatch(plan.out, /3 {2}public\.experts {2}monthly .* export first/);
    assertStringIncludes(plan.out, "Nothing was changed. To drop 1: --apply");
    assertEquals(await database.psql("SELECT count(*) FROM backup.backup_inventory WHERE status = 'present'"), "3");
    await database.psql(
      "DO $$ BEGIN EXECUTE 'DELETE FROM backup.' || (SELECT backup_table FROM backup.backup_metadata WHERE id = 1); END $$",
    );
    const refused = await prune("--apply");
    assertEquals(refused.code, 7);
    assertStringIncludes(refused.err, "has 0 rows, its record says 10");
    await database.psql("UPDATE backup.backup_metadata SET row_count = 0 WHERE id = 1");
    assertEquals((await prune("--apply")).code, 0);
    assertEquals(
      await database.psql(
        "SELECT string_agg(id::text, ',' ORDER BY id) FROM backup.backup_inventory WHERE status = 'present'",
      ),
      "2,3",
    );
  });
}

Deno.test("snapshot without a subcommand says what there is", () => {
  const error = (() => {
    try {
      parseCommandLine(["snapshot"], COMMANDS);
    } catch (thrown) {
      return thrown;
    }
  })();
  assert(error instanceof PgstrataError && error.code === "usage");
  assertStringIncludes(
    error.message,
    "install, uninstall, create, list, show, size, diff, restore, prune, export, adopt, schedule",
  );
});
