import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Selection } from "../../lib/backup/mod.ts";
import { PgstrataError } from "../../lib/base/mod.ts";
import { parseChecksums, parseManifest } from "../../lib/catalog/mod.ts";
import { DisposableCluster } from "../../lib/postgres/mod.ts";
import { hashFile, processText, TempFolder } from "../../lib/system/mod.ts";
import { manyTables } from "../../scripts/fixtures/generate.ts";
import { ensureToolSet } from "../../scripts/postgres_versions.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { backUp, folderNames, pgText, readText } from "./backup_fixture.ts";

const NOTHING: Selection = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };

const server = await testServer();

Deno.test("a sealed folder is exactly what its manifest and SHA256SUMS say", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase("sample");
  const { folder, manifest } = await backUp(database.url, shelf.path, server.tools, { label: "before-upgrade" });
  assertEquals(parseManifest(await readText(folder, "manifest.json")), manifest);
  const found: string[] = [];
  const visit = async (path: string): Promise<void> => {
    const info = await Deno.lstat(join(folder, path));
    assertEquals((info.mode ?? 0) & 0o777, info.isDirectory ? 0o700 : 0o600, path);
    if (info.isFile) return void found.push(path);
    for (const name of await folderNames(join(folder, path))) await visit(path === "" ? name : `${path}/${name}`);
  };
  await visit("");
  const listed = manifest.files.map((file) => file.path);
  assertEquals(found.sort(), [...listed, "SHA256SUMS", "manifest.json"].sort());
  for (const file of manifest.files) {
    assertEquals(await hashFile(join(folder, file.path)), { sha256: file.sha256, bytes: file.bytes }, file.path);
  }
  assertEquals(parseChecksums(await readText(folder, "SHA256SUMS")).length, listed.length + 1);
  await processText({ program: "sha256sum", args: ["--check", "--quiet", "--strict", "SHA256SUMS"], cwd: folder });
  assertEquals(await folderNames(shelf.path), [".pgstrata", folder.split("/").at(-1) ?? ""]);
});

Deno.test("a runbook's head, grep, column and ls work on the files", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase("sample");
  const { folder } = await backUp(database.url, shelf.path, server.tools);
  const shell = async (command: string) =>
    (await processText({ program: "sh", args: ["-c", command], cwd: folder })).trim();
  assertStringIncludes(await shell("head -n 1 version.txt"), "PostgreSQL 15");
  assertEquals(await shell("head -n 1 extensions.tsv"), "name\tversion\tschema");
  const invokers = await database.psql(
    "\\t on\n\\a\nSELECT count(*) FROM pg_class WHERE relkind = 'v' AND reloptions::text LIKE '%security_invoker%';",
  );
  assert(Number(invokers.trim()) > 0);
  assertEquals(await shell("grep -c security_invoker views_reloptions.tsv"), invokers.trim());
  assertEquals((await shell("column -t -s \"$(printf '\\t')\" extensions.tsv | head -n 1")).split(/ +/).length, 3);
  assertEquals(await shell("ls -1 | grep -c '^db_full.dump$'"), "1");
  assertStringIncludes(await shell("cat roles.sql"), "CREATE ROLE authenticated");
  assertEquals(await shell("grep -rlE '^.(un)?restrict ' --include=*.sql . || true"), "");
});

Deno.test("the pg_dump engine writes the same rows and definitions as the archive engine", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase("sample");
  const once = await backUp(database.url, shelf.path, server.tools, { label: "once" });
  const loop = await backUp(database.url, shelf.path, server.tools, { label: "loop", engine: "pg_dump" });
  assertEquals(loop.manifest.client.engine, "pg_dump");
  assertEquals(loop.manifest.status, "complete");
  const facts = ({ manifest }: typeof once) =>
    manifest.tables.map(({ schema, name, rows, bytes, sha256, copyStatement }) => ({
      schema,
      name,
      rows,
      bytes,
      sha256,
      copyStatement,
    }));
  assertEquals(facts(loop), facts(once));
  const names = (folder: string) =>
    processText({ program: "find", args: [".", "-name", "*.sql", "-type", "f"], cwd: folder });
  const files = (await names(once.folder)).split("\n").filter((name) => !name.includes("constraints.sql")).sort();
  assertEquals(
    (await names(loop.folder)).split("\n").filter((name) => !name.includes("constraints.sql")).sort(),
    files.filter((name) => !name.endsWith("sequences.sql")),
  );
  for (const backup of [once, loop]) {
    const target = await server.createDatabase();
    await pgText(server.tools, "pg_restore", [
      "--exit-on-error",
      "-d",
      target.url,
      join(backup.folder, "db_full.dump"),
    ]);
  }
});

Deno.test("patterns choose schemas, tables and data as pg_dump's do", async (t) => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase("sample");
  const tablesOf = async (changes: Partial<Selection>) => {
    const { manifest } = await backUp(database.url, shelf.path, server.tools, {
      selection: { ...NOTHING, ...changes },
      tiers: ["full", "table"],
    });
    assertEquals(manifest.omissions.filter((omission) => omission.severity === "lost"), []);
    return manifest;
  };
  const theirs = async (...args: string[]) => {
    const archive = join(shelf.path, "theirs.dump");
    await pgText(server.tools, "pg_dump", ["-Fc", "-f", archive, ...args, database.url]);
    const list = await pgText(server.tools, "pg_restore", ["-l", archive]);
    return list.split("\n").flatMap((line) => /^\d+; 1259 (\d+) (?:FOREIGN )?TABLE /.exec(line)?.[1] ?? []).sort();
  };
  const oids = (manifest: Awaited<ReturnType<typeof tablesOf>>) =>
    manifest.tables.map((table) => String(table.oid)).sort();
  const cases: [string, Partial<Selection>, string[]][] = [
    ["--schema", { schemas: ["auth", "stor*"] }, ["-n", "auth", "-n", "stor*"]],
    ["--exclude-schema", { excludeSchemas: ["public"] }, ["-N", "public"]],
    ["--table", { tables: ["public.ord*"] }, ["-t", "public.ord*"]],
    ["--table over --schema", { tables: ["auth.users"], schemas: ["public"] }, ["-t", "auth.users", "-n", "public"]],
    ["--exclude-table", { excludeTables: ["*.*s"] }, ["-T", "*.*s"]],
  ];
  for (const [name, selection, args] of cases) {
    await t.step(name, async () => assertEquals(oids(await tablesOf(selection)), await theirs(...args)));
  }
  await t.step("--exclude-table-data keeps the definition and names the omission", async () => {
    const manifest = await tablesOf({ excludeTableData: ["auth.users"] });
    const users = manifest.tables.find((table) => table.schema === "auth" && table.name === "users");
    assertEquals(users?.rows, null);
    assertEquals(manifest.omissions.filter((omission) => omission.object === "auth.users").map((o) => o.severity), [
      "excluded",
    ]);
    assertEquals(manifest.status, "complete");
  });
});

Deno.test("--schema-only and --data-only back up one half each", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase("sample");
  const schemaOnly = await backUp(database.url, shelf.path, server.tools, { content: "schema-only", label: "schema" });
  assertEquals(schemaOnly.manifest.tables.filter((table) => table.rows !== null), []);
  assertEquals(schemaOnly.manifest.files.filter((file) => file.path.endsWith("/data.sql")), []);
  const dataOnly = await backUp(database.url, shelf.path, server.tools, { content: "data-only", label: "data" });
  assertEquals(dataOnly.manifest.files.filter((file) => file.path.endsWith("/schema.sql")), []);
  assert(dataOnly.manifest.tables.some((table) => (table.rows ?? 0) > 0));
  const target = await server.createDatabase();
  await pgText(server.tools, "pg_restore", [
    "--exit-on-error",
    "-d",
    target.url,
    join(schemaOnly.folder, "db_full.dump"),
  ]);
  await pgText(server.tools, "pg_restore", [
    "--exit-on-error",
    "--disable-triggers",
    "-d",
    target.url,
    join(dataOnly.folder, "db_full.dump"),
  ]);
  const [ours, source] = await Promise.all(
    [target.url, database.url].map((url) => pgText(server.tools, "pg_dump", ["-a", url])),
  );
  assertEquals(ours?.length, source?.length);
});

Deno.test("--tiers writes only the tiers asked for", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase("sample");
  for (const tier of ["full", "schema", "table"] as const) {
    const { manifest } = await backUp(database.url, shelf.path, server.tools, { tiers: [tier] });
    assertEquals([...new Set(manifest.files.map((file) => file.tier))].sort(), ["root", tier].sort());
    assert(manifest.tables.some((table) => (table.rows ?? 0) > 0), "rows are counted whatever the tier");
  }
});

Deno.test("rows of an extension's tables are copied into the table tier and named", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase({
    sql: "CREATE EXTENSION pgstrata_test; INSERT INTO pgstrata_test.queue (message) VALUES ('a'), (E'b\\tc');",
  });
  const { folder, manifest } = await backUp(database.url, shelf.path, server.tools);
  const queue = manifest.tables.find((table) => table.name === "queue");
  assertEquals([queue?.source, queue?.rows], ["copy", 2]);
  assertStringIncludes(await readText(folder, `${queue?.folder}/data.sql`), "b\\tc");
  const named = manifest.omissions.filter((omission) => omission.object === "pgstrata_test.queue");
  assertEquals(named.map((omission) => omission.severity), ["expected"]);
  const without = await backUp(database.url, shelf.path, server.tools, { tiers: ["full"], label: "full" });
  assertEquals(without.manifest.status, "incomplete");
  assertEquals(
    without.manifest.omissions.filter((omission) => omission.severity === "lost").map((omission) => omission.object),
    ["pgstrata_test.queue"],
  );
  const told = await backUp(database.url, shelf.path, server.tools, {
    tiers: ["full"],
    label: "told",
    expectedOmissions: ["pgstrata_test.queue"],
  });
  assertEquals(told.manifest.status, "complete");
});

Deno.test("what the role may not read fails the backup by name, or makes it incomplete when told to go on", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase({
    sql: `CREATE TABLE open (a int); CREATE TABLE secret (a int); CREATE TABLE hidden (a int, owner name);
          ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
          DO $$ BEGIN CREATE ROLE weak LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
          GRANT SELECT ON open, hidden TO weak;`,
  });
  const weak = `postgresql://weak@${database.url.slice(database.url.indexOf("@") + 1)}`;
  const error = await assertRejects(() => backUp(weak, shelf.path, server.tools), PgstrataError);
  assertEquals(error.exit, 1);
  assertStringIncludes(String(error.context["unreadable"]), "public.secret (no SELECT)");
  assertStringIncludes(String(error.context["unreadable"]), "public.hidden (row-level security");
  assertEquals(await folderNames(shelf.path), [".pgstrata"]);
  const { manifest } = await backUp(weak, shelf.path, server.tools, { skipUnreadable: true });
  assertEquals(manifest.status, "incomplete");
  assertEquals(manifest.tables.map((table) => table.name), ["open"]);
  assertEquals(
    manifest.omissions.filter((omission) => omission.severity === "lost").map((omission) => omission.object).sort(),
    ["public.hidden", "public.secret"],
  );
});

Deno.test("one backup of an environment at a time", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase("sample");
  let second: Promise<unknown> | null = null;
  await backUp(database.url, shelf.path, server.tools, {
    onEvent: (event) => {
      if (event.type === "planned") {
        second = assertRejects(() => backUp(database.url, shelf.path, server.tools), PgstrataError);
      }
    },
  });
  const error = await second as PgstrataError | null;
  assertEquals(error?.exit, 7);
  assertStringIncludes(error?.context["running"] as string, String(Deno.pid));
});

for (const encoding of ["LATIN1", "SQL_ASCII"]) {
  Deno.test(`a database in ${encoding} is backed up byte for byte, under its true names`, async () => {
    await using shelf = await TempFolder.create();
    const name = `in_${encoding.toLowerCase()}`;
    await server.cluster.psql(
      `CREATE DATABASE ${name} ENCODING ${encoding} LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    await server.cluster.psql(
      `SET client_encoding = ${encoding === "LATIN1" ? "UTF8" : "SQL_ASCII"}; CREATE SCHEMA "é"; ` +
        `CREATE TABLE "é"."café" ("ü" text PRIMARY KEY, b bytea); INSERT INTO "é"."café" VALUES ('Grüße'); ` +
        (encoding === "SQL_ASCII" ? `INSERT INTO "é"."café" VALUES (E'not utf8: \\xff');` : ""),
      { database: name },
    );
    const url = server.cluster.url(name);
    const { folder, manifest } = await backUp(url, shelf.path, server.tools);
    assertEquals(manifest.status, "complete");
    const target = `${name}_back`;
    await server.cluster.psql(
      `CREATE DATABASE ${target} ENCODING ${encoding} LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    const back = server.cluster.url(target);
    const archive = manifest.schemas.find((schema) => schema.name.normalize() === "é")?.archive ?? "db_full.dump";
    if (encoding === "LATIN1") {
      assertEquals(manifest.tables.map((table) => `${table.schema}.${table.name}`), ["é.café"]);
      assert(archive !== "db_full.dump", "the schema's archive goes by its true name");
    }
    await pgText(server.tools, "pg_restore", ["--exit-on-error", "-d", back, join(folder, archive)]);
    const dump = async (from: string) =>
      (await new Deno.Command(server.tools.program("pg_dump"), { args: [from] }).output()).stdout;
    const bytes = (text: Uint8Array) =>
      new TextDecoder("latin1").decode(text).replaceAll(/^\\(?:un)?restrict .*$/gm, "");
    assertEquals(bytes(await dump(back)), bytes(await dump(url)));
    const [table] = manifest.tables;
    assert(table);
    await server.cluster.psql(
      `SET client_encoding = ${
        encoding === "LATIN1" ? "UTF8" : "SQL_ASCII"
      }; DROP SCHEMA "é" CASCADE; CREATE SCHEMA "é";`,
      { database: target },
    );
    const psql = ["-X", "-q", "--set=ON_ERROR_STOP=1", back];
    for (const file of ["schema.sql", "data.sql"]) {
      await pgText(server.tools, "psql", [...psql, "-f", join(folder, table.folder ?? "", file)]);
    }
    assertEquals(bytes(await dump(back)), bytes(await dump(url)));
  });
}

Deno.test("2000 tables make three tiers of 2000 tables", async () => {
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase();
  await database.psql(manyTables(2000));
  const { folder, manifest } = await backUp(database.url, shelf.path, server.tools);
  assertEquals(manifest.tables.length, 2000);
  assertEquals(manifest.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0), 10_000);
  assertEquals(manifest.schemas.length, 21);
  const target = await server.createDatabase();
  await pgText(server.tools, "pg_restore", ["--exit-on-error", "-j2", "-d", target.url, join(folder, "db_full.dump")]);
  const list = await pgText(server.tools, "pg_restore", ["-l", join(folder, "db_full.dump")]);
  assertEquals(list.split("\n").filter((line) => / TABLE DATA /.test(line)).length, 2000);
});

for (const major of testedMajors()) {
  const tools = await ensureToolSet(major);
  Deno.test(`a hot standby of PostgreSQL ${major} is backed up, unlogged tables told`, async () => {
    await using primary = await DisposableCluster.start({
      tools,
      settings: { wal_level: "replica", max_wal_senders: "4", hot_standby: "on" },
    });
    await primary.psql("CREATE TABLE t AS SELECT 1 AS a; CREATE UNLOGGED TABLE u AS SELECT 1 AS a;");
    await using standby = await DisposableCluster.startStandby(primary);
    await using shelf = await TempFolder.create();
    const { manifest } = await backUp(standby.url(), shelf.path, tools);
    assertEquals(manifest.server.inRecovery, true);
    assertEquals(manifest.status, "complete");
    assertEquals(manifest.omissions.map(({ object, severity }) => [object, severity]), [["public.u", "expected"]]);
    assertEquals(manifest.tables.find((table) => table.name === "t")?.rows, 1);
  });
}
