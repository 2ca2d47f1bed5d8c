import { assert, assertEquals, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { openSession } from "../../lib/connection/mod.ts";
import {
  installSnapshots,
  isSnapshotSchema,
  MIGRATIONS,
  planUninstall,
  requireInstalled,
  snapshotExclusions,
  uninstallSnapshots,
} from "../../lib/snapshot/mod.ts";
import { processText } from "../../lib/system/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { createOne, installed, targetOf } from "./snapshot_fixture.ts";

const API_ROLES = ["anon", "authenticated", "service_role"];

for (const major of testedMajors()) {
  // One without the fixtures, which have these roles.
  const server = await testServer(major, { settings: { cluster_name: "install" } });
  const on = (name: string) => `${name} (PostgreSQL ${major})`;
  await server.cluster.psql(API_ROLES.map((role) => `CREATE ROLE ${role} NOLOGIN;`).join("\n"));

  /** A database as Supabase has them: everything new in every schema is open to the API's roles. */
  const OPEN = `ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO anon, authenticated, service_role;
CREATE TABLE experts (id int PRIMARY KEY, name text);
INSERT INTO experts VALUES (1, 'a'), (2, 'b');
CREATE TABLE secrets (id int);
INSERT INTO secrets VALUES (42);
REVOKE ALL ON secrets FROM anon, authenticated, service_role;
CREATE TABLE hidden (id int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
CREATE POLICY none ON hidden USING (false);`;

  Deno.test(on("installing twice is harmless and records the version"), async () => {
    const database = await server.createDatabase();
    await using session = await openSession(await targetOf(database.url));
    assertEquals(await isSnapshotSchema(session), false);
    await assertRejects(() => requireInstalled(session), PgstrataError, "they are not installed");
    assertEquals((await installSnapshots(session)).applied, MIGRATIONS.map(({ version }) => version));
    const catalog = `SELECT string_agg(c.oid::text || c.relacl::text, ',' ORDER BY c.oid) FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'backup'`;
    const before = await database.psql(catalog);
    assertEquals((await installSnapshots(session)).applied, []);
    assertEquals(await database.psql(catalog), before);
    assertEquals(await isSnapshotSchema(session), true);
    await requireInstalled(session);
  });

  Deno.test(on("a later step is taken on its own, and a step that fails leaves nothing"), async () => {
    const database = await server.createDatabase();
    await using session = await installed(database);
    const next = { version: 2, name: "next", sql: () => "CREATE TABLE backup.next_one (id int)" };
    const bad = { version: 3, name: "bad", sql: () => "CREATE TABLE backup.bad (id int); SELECT 1/0" };
    await assertRejects(() => installSnapshots(session, { grant: [], revoke: [] }, [...MIGRATIONS, next, bad]));
    assertEquals(
      await database.psql("SELECT to_regclass('backup.next_one'), max(version) FROM backup.pgstrata_migrations"),
      "|1",
    );
    assertEquals((await installSnapshots(session, { grant: [], revoke: [] }, [...MIGRATIONS, next])).applied, [2]);
    const error = await assertRejects(
      () => installSnapshots(session),
      PgstrataError,
      "version 2 is installed, known is 1",
    );
    assertEquals(error.code, "refused");
  });

  Deno.test(on("a schema backup of others is refused and stays as it was"), async () => {
    const database = await server.createDatabase({ sql: "CREATE SCHEMA backup; CREATE TABLE backup.mine (id int)" });
    await using session = await openSession(await targetOf(database.url));
    const error = await assertRejects(() => installSnapshots(session), PgstrataError, "names are taken");
    assertEquals([error.code, error.context["taken"]], ["refused", "relation backup.mine"]);
    assertEquals(await isSnapshotSchema(session), false);
    assertEquals(await database.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'backup'::regnamespace"), "1");
  });

  Deno.test(on("nobody but the owner gets anything, whatever default privileges say"), async () => {
    const database = await server.createDatabase({ sql: OPEN });
    await using session = await installed(database);
    const row = await createOne(session, "experts");
    for (const role of API_ROLES) {
      const open = await database.psql(`
SELECT c.relname FROM pg_class c WHERE (c.relnamespace = 'backup'::regnamespace OR c.relname = 'backup_inventory_view')
   AND c.relkind IN ('r', 'v', 'S') AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege('${role}', c.oid, 'USAGE,SELECT,UPDATE')
   ELSE has_table_privilege('${role}', c.oid, 'SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER') END
UNION ALL SELECT p.proname FROM pg_proc p WHERE (p.pronamespace = 'backup'::regnamespace OR p.proname = 'get_backup_tables')
   AND has_function_privilege('${role}', p.oid, 'EXECUTE')
UNION ALL SELECT 'schema' WHERE has_schema_privilege('${role}', 'backup', 'USAGE,CREATE')`);
      assertEquals(open, "", role);
    }
    const unprotected = await database.psql(
      "SELECT relname FROM pg_class WHERE relnamespace = 'backup'::regnamespace AND relkind = 'r' AND NOT relrowsecurity",
    );
    assertEquals(unprotected, "");
    assert(row.rowCount === 2);
  });

  Deno.test(
    on("every function has a fixed search_path and every SECURITY DEFINER one belongs to the owner"),
    async () => {
      const database = await server.createDatabase();
      await using _session = await installed(database);
      const loose = await database.psql(`SELECT p.oid::regprocedure FROM pg_proc p
      WHERE (p.pronamespace = 'backup'::regnamespace OR p.proname = 'get_backup_tables')
        AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)`);
      assertEquals(loose, "");
    },
  );

  Deno.test(on("a granted role makes and reads copies of what it may read, and of nothing else"), async () => {
    const database = await server.createDatabase({ sql: OPEN });
    await using session = await installed(database);
    await installSnapshots(session, { grant: ["authenticated"], revoke: [] });
    const as = (role: string, sql: string) => database.psql(`SET ROLE ${role};\n${sql}`);
    const name = await as("authenticated", "SELECT backup.create_table_backup('experts', 'Pre-v2.0 migration backup')");
    assertEquals(await as("authenticated", `SELECT count(*) FROM backup.${name}`), "2");
    assertEquals(
      await as("authenticated", "SELECT backup_table, created_by FROM public.backup_inventory_view"),
      `${name}|authenticated`,
    );
    assertEquals(await as("authenticated", "SELECT backup_table FROM public.get_backup_tables()"), name);
    const refused: readonly (readonly [string, string, RegExp])[] = [
      [
        "authenticated",
        "SELECT backup.create_table_backup('secrets', 'x')",
        /permission denied for table public\.secrets/,
      ],
      [
        "authenticated",
        "SELECT backup.create_table_backup('hidden', 'x')",
        /row security of table public\.hidden is active/,
      ],
      [
        "authenticated",
        "SELECT backup.create_table_backup('pg_catalog', 'pg_authid', 'x', 'daily')",
        /permission denied/,
      ],
      ["authenticated", "SELECT backup.create_table_backup('backup', 'settings', 'x', 'daily')", /permission denied/],
      ["authenticated", "SELECT backup.create_snapshot('public', 'experts', 'x')", /permission denied for function/],
      ["authenticated", "SELECT backup.drop_table_backup(1, 'x')", /permission denied for function/],
      ["authenticated", "SELECT backup.prune_expired()", /permission denied for function/],
      ["authenticated", "DELETE FROM backup.backup_metadata", /permission denied for table/],
      ["authenticated", `DELETE FROM backup.${name}`, /permission denied for table/],
      ["anon", "SELECT backup.create_table_backup('experts', 'x')", /permission denied for schema backup/],
      ["anon", "SELECT * FROM public.backup_inventory_view", /permission denied for view/],
      ["anon", "SELECT * FROM public.get_backup_tables()", /permission denied for function/],
    ];
    for (const [role, sql, message] of refused) {
      const error = await assertRejects(() => as(role, sql), PgstrataError);
      assert(
        message.test(String(error.cause ?? "") + JSON.stringify(error.context) + error.message),
        `${sql}: ${error.message}`,
      );
    }
    assertEquals(await database.psql("SELECT count(*) FROM backup.backup_metadata"), "1");
    await installSnapshots(session, { grant: [], revoke: ["authenticated"] });
    await assertRejects(() => as("authenticated", `SELECT count(*) FROM backup.${name}`), PgstrataError);
  });

  Deno.test(on("code of others never runs with the owner's rights"), async () => {
    const database = await server.createDatabase({
      sql: `${OPEN}
GRANT CREATE ON SCHEMA public TO authenticated;
SET ROLE authenticated;
CREATE FUNCTION note() RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
  IF current_user <> 'authenticated' THEN RAISE EXCEPTION 'ran as %', current_user; END IF; RETURN 'x'; END $$;
CREATE FUNCTION note_row(r anyelement) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT public.note()';
CREATE TABLE trap (id int, label text GENERATED ALWAYS AS (public.note() || id) STORED);
INSERT INTO trap (id) VALUES (1), (2);
CREATE INDEX trap_index ON trap ((public.note() || id));
CREATE FUNCTION trap_text(trap) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT public.note()';
CREATE CAST (trap AS text) WITH FUNCTION trap_text(trap) AS IMPLICIT;
CREATE TABLE trap_parted (id int) PARTITION BY RANGE ((public.note() || id));
CREATE VIEW trap_view AS SELECT public.note() AS n;`,
    });
    await using session = await installed(database);
    await installSnapshots(session, { grant: ["authenticated"], revoke: [] });
    const refused = async (table: string) => {
      const error = await assertRejects(
        () => database.psql(`SET ROLE authenticated; SELECT backup.create_table_backup('${table}', 'x')`),
        PgstrataError,
      );
      return JSON.stringify([error.message, error.context, String(error.cause ?? "")]);
    };
    assert((await refused("trap")).includes("uses function public.note() of its owner"));
    assert((await refused("trap_parted")).includes("uses function public.note() of its owner"));
    await database.psql("DROP INDEX trap_index");
    const name = await database.psql("SET ROLE authenticated; SELECT backup.create_table_backup('trap', 'x')");
    assertEquals(await database.psql(`SELECT count(*), max(label) FROM backup.${name}`), "2|x2");
    // The digest and the indexes are the owner's own wish, but still none of the table's code runs.
    const row = await createOne(session, "trap", { withHash: true, withIndexes: true });
    assertEquals(row.rowCount, 2);
    assert((await refused("trap_view")).includes("is not a table"));
  });

  Deno.test(on("uninstall lists, refuses while others depend on a copy, then leaves no trace"), async () => {
    const database = await server.createDatabase({
      sql: "CREATE TABLE experts (id int); INSERT INTO experts VALUES (1)",
    });
    const catalog = "SELECT count(*) FROM pg_class; SELECT count(*) FROM pg_proc; SELECT count(*) FROM pg_namespace";
    const before = await database.psql(catalog);
    await using session = await installed(database);
    const { backupTable } = await createOne(session, "experts");
    await database.psql(`CREATE VIEW public.needs AS SELECT * FROM backup.${backupTable}`);
    assertEquals((await planUninstall(session)).obstacles, [`view public.needs on backup.${backupTable}`]);
    await assertRejects(() => uninstallSnapshots(session), PgstrataError, "there is more than copies of ours");
    await database.psql("DROP VIEW public.needs");
    assertEquals((await uninstallSnapshots(session)).copies.map((copy) => copy.backupTable), [backupTable]);
    assertEquals(await database.psql(catalog), before);
  });

  Deno.test(on("pg_dump and pg_restore keep the installation, and its exclusions leave nothing broken"), async () => {
    const database = await server.createDatabase({
      sql: "CREATE TABLE experts (id int); INSERT INTO experts VALUES (1)",
    });
    await using session = await installed(database);
    const { backupTable } = await createOne(session, "experts");
    const copy = await server.createDatabase();
    const dump = async (...args: string[]) =>
      await processText({ program: server.tools.program("pg_dump"), args: [...args, "--dbname", database.url] });
    await copy.psql(stripRestrict(await dump()));
    assertEquals(await copy.psql("SELECT backup_table FROM public.get_backup_tables()"), backupTable);
    await using second = await openSession(await targetOf(copy.url));
    assertEquals((await installSnapshots(second)).applied, []);
    const without = await server.createDatabase();
    const { schemaPatterns, tablePatterns } = snapshotExclusions();
    await without.psql(stripRestrict(
      await dump(
        ...schemaPatterns.map((pattern) => `--exclude-schema=${pattern}`),
        ...tablePatterns.map((pattern) => `--exclude-table=${pattern}`),
      ),
    ));
    assertEquals(await without.psql("SELECT count(*) FROM experts; SELECT to_regnamespace('backup')"), "1\n");
  });
}

/** psql of an older minor version than pg_dump does not know `\restrict`. */
function stripRestrict(sql: string): string {
  return sql.replaceAll(/^\\(un)?restrict .*$/gm, "");
}
