import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { TempFolder } from "../../lib/system/mod.ts";
import { findToolSets } from "../../lib/postgres/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { backUp, type BackupChanges, folderNames } from "./backup_fixture.ts";

const server = await testServer();

/** A folder of programs that pass everything on to the real ones, but for `pg_dump`, which is the script given. */
async function toolsWith(folder: string, pgDump: string) {
  const real = server.tools.folder;
  for (const name of ["pg_dump", "pg_dumpall", "pg_restore", "psql"]) {
    const script = name === "pg_dump" ? pgDump : "";
    await Deno.writeTextFile(join(folder, name), `#!/bin/sh\n${script}\nexec ${real}/${name} "$@"\n`, { mode: 0o755 });
  }
  const [tools] = await findToolSets({ env: {}, need: ["pg_dump"], places: [{ folder, source: "test" }] });
  assert(tools);
  return tools;
}

for (const jobs of [1, 2, 5]) {
  Deno.test(`${jobs} jobs read the same rows`, async () => {
    await using shelf = await TempFolder.create();
    const database = await server.createDatabase("sample");
    const facts = async (changes: BackupChanges) => {
      const { manifest } = await backUp(database.url, shelf.path, server.tools, changes);
      return manifest.tables.map(({ schema, name, rows, sha256 }) => ({ schema, name, rows, sha256 }));
    };
    assertEquals(await facts({ jobs, label: "jobs" }), await facts({ jobs: 3, label: "three" }));
  });
}

Deno.test("an archive version nobody knows yet is read by the loop of pg_dump runs, with a warning", async () => {
  await using folder = await TempFolder.create();
  const database = await server.createDatabase("sample");
  // A pg_dump of the future: its directory's table of contents says 1.99; it would go on for ten minutes.
  const future = `case "$*" in *--format=directory*)
    for a in "$@"; do case "$a" in --file=*) d="\${a#--file=}";; esac; done
    mkdir "$d"; printf 'PGDMP\\001\\143\\000\\004\\010\\003' > "$d/toc.dat"
    echo 'pg_dump: dumping contents of table "a.b"' >&2; exec sleep 600;; esac`;
  const bin = join(folder.path, "bin");
  const shelf = join(folder.path, "shelf");
  await Deno.mkdir(bin);
  const tools = await toolsWith(bin, future);
  const begun = performance.now();
  const { folder: sealed, manifest } = await backUp(database.url, shelf, tools);
  assert(performance.now() - begun < 590_000, "the other pg_dump was waited for");
  assertEquals([manifest.client.engine, manifest.status], ["pg_dump", "complete"]);
  assertStringIncludes(manifest.warnings.join("\n"), "archive version 1.99");
  assertEquals(manifest.tables.filter((table) => table.kind === "table" && table.rows === null), []);
  assertEquals((await folderNames(sealed)).filter((name) => name.startsWith(".")), []);
});

Deno.test("a pg_dump that leaves a table out makes the backup incomplete and names it", async () => {
  await using folder = await TempFolder.create();
  const database = await server.createDatabase({
    sql:
      "CREATE TABLE kept (a int); CREATE TABLE forgotten (a int PRIMARY KEY); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  });
  const bin = join(folder.path, "bin");
  await Deno.mkdir(bin);
  const tools = await toolsWith(bin, 'case "$*" in *--format=directory*) set -- "$@" --exclude-table=forgotten;; esac');
  const { manifest } = await backUp(database.url, join(folder.path, "shelf"), tools);
  assertEquals(manifest.status, "incomplete");
  const lost = manifest.omissions.filter((omission) => omission.severity === "lost");
  assertEquals(lost.map(({ kind, object }) => `${kind} ${object}`).sort(), [
    "table constraint forgotten_pkey on public.forgotten",
    "table data public.forgotten",
    "table public.forgotten",
  ]);
});

Deno.test("a raw file that is cut short fails the backup", async () => {
  await using folder = await TempFolder.create();
  const database = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT i FROM generate_series(1, 1000) i" });
  const bin = join(folder.path, "bin");
  await Deno.mkdir(bin);
  const cutting = `case "$*" in *--format=directory*)
    for a in "$@"; do case "$a" in --file=*) d="\${a#--file=}";; esac; done
    ${server.tools.folder}/pg_dump "$@" 2>/dev/null || exit; truncate -s -7 "$d"/[0-9]*.dat
    exit 0;; esac`;
  const shelf = join(folder.path, "shelf");
  let message = "";
  await backUp(database.url, shelf, await toolsWith(bin, cutting)).catch((error) => message = Deno.inspect(error));
  assertStringIncludes(message, "does not end as COPY text does");
  assertEquals((await folderNames(shelf)).filter((name) => name !== ".pgstrata"), []);
});
