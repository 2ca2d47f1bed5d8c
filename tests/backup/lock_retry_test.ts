/** A read that fails while the small files of many tables are being written, and is tried again in the same folder. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import type { ToolSet } from "../../lib/postgres/mod.ts";
import { hashFile, TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { backUp, folderNames } from "./backup_fixture.ts";

const server = await testServer();

/** PostgreSQL's programs, but the first parallel `pg_dump` cannot lock a table when it has begun with the data. */
function failingOnce(tools: ToolSet, folder: string): Promise<Record<string, string>> {
  return standIn(
    tools,
    folder,
    `case "$*" in *--format=directory*) ;; *) exec '${tools.program("pg_dump")}' "$@" ;; esac
mkdir '${folder}/failed' 2>/dev/null || exec '${tools.program("pg_dump")}' "$@"
coproc DUMP { exec '${tools.program("pg_dump")}' "$@" 2>&1; }
while IFS= read -r line <&"\${DUMP[0]}"; do
  echo "$line" >&2
  case "$line" in *"dumping contents of table"*) break ;; esac
done
kill "$DUMP_PID"
${LOCKED}`,
  );
}

/** The same, but the server sends every session of ours away; a worker of `pg_dump` calls that a lock, too. */
function sentAway(tools: ToolSet, folder: string, url: string): Promise<Record<string, string>> {
  const sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
    "WHERE application_name = 'pgstrata' AND datname = current_database()";
  return standIn(
    tools,
    folder,
    `case "$*" in *--format=directory*) ;; *) exec '${tools.program("pg_dump")}' "$@" ;; esac
'${tools.program("psql")}' -Xqtc "${sql}" '${url}' &>/dev/null &
${LOCKED}`,
  );
}

const LOCKED = `echo 'pg_dump: error: could not obtain lock on relation "public.t9"' >&2
exit 1
`;

async function standIn(tools: ToolSet, folder: string, script: string): Promise<Record<string, string>> {
  for (const name of ["pg_dumpall", "pg_restore", "psql"]) await Deno.symlink(tools.program(name), join(folder, name));
  await Deno.writeTextFile(join(folder, "pg_dump"), `#!/bin/bash\n${script}`, { mode: 0o755 });
  return { PGSTRATA_PG_BIN: folder };
}

const MANY = {
  sql: "DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('CREATE TABLE t%s AS SELECT %s AS a', i, i); END LOOP; END $$",
};

Deno.test("a backup of many tables that is tried again has every file once, as the manifest says", async () => {
  await using folder = await TempFolder.create();
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase(MANY);
  const notices: string[] = [];
  const { folder: made, manifest } = await backUp(database.url, shelf.path, server.tools, {
    env: await failingOnce(server.tools, folder.path),
    onEvent: (event) => event.type === "notice" ? void notices.push(event.message) : undefined,
  });
  assertStringIncludes(notices.join("\n"), "trying again");
  assertEquals(manifest.tables.length, 300);
  for (const { path, sha256 } of manifest.files) {
    assertEquals((await hashFile(join(made, path))).sha256, sha256, path);
  }
});

Deno.test("an encryption that fails is what the backup failed of, also while it waits for another try", async () => {
  await using folder = await TempFolder.create();
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase(MANY);
  const env = { ...await failingOnce(server.tools, folder.path), GNUPGHOME: folder.path };
  // gpg takes long enough for the first read to have failed before it does.
  const encryption = { method: "gpg", recipients: ["nobody@example.org"] } as const;
  const error = await assertRejects(
    () => backUp(database.url, shelf.path, server.tools, { env, encryption }),
    PgstrataError,
    "a recipient is no public key",
  );
  assertEquals(error.code, "usage");
  assertEquals(await folderNames(shelf.path), [".pgstrata"]);
});

Deno.test("a server that sends us away is the reason, whatever pg_dump takes it for", async () => {
  await using folder = await TempFolder.create();
  await using shelf = await TempFolder.create();
  const database = await server.createDatabase({ sql: "CREATE TABLE t9 AS SELECT 1 AS a" });
  const env = await sentAway(server.tools, folder.path, database.url);
  const error = await assertRejects(() => backUp(database.url, shelf.path, server.tools, { env }), PgstrataError);
  assertEquals(error.code, "connection");
  assertEquals(await folderNames(shelf.path), [".pgstrata"]);
});
