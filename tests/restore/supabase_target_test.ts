import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { type TestDatabase, testedMajors, type TestServer, testServer } from "../../scripts/test_server.ts";
import { backUp, differingLines, dumpText, restore } from "./restore_fixture.ts";

const TARGET = { file: new URL("../../scripts/fixtures/supabase_target.sql", import.meta.url).pathname };

/** Jobs of pg_cron, as its own table holds them; without the extension, which is not here. */
const CRON = `
CREATE SCHEMA cron;
CREATE TABLE cron.job (jobid bigserial PRIMARY KEY, schedule text, command text, nodename text DEFAULT 'localhost', nodeport int DEFAULT 5432,
  database text DEFAULT 'postgres', username text DEFAULT 'postgres', active boolean DEFAULT true, jobname text);
INSERT INTO cron.job (schedule, command, jobname) VALUES ('5 4 * * *', E'DELETE FROM x\\n WHERE ''a'' <> E''\\\\t''', 'night''s work'), ('* * * * *', 'SELECT 1', NULL);
`;

// GRANT SET ON PARAMETER, which stands for supautils, came with 15.
for (const major of testedMajors().filter((each) => each >= 15)) {
  const sourceServer = await testServer(major);
  const server = await testServer(major, { superuser: "supabase_admin" });
  const source = await sourceServer.createDatabase("sample");
  await source.psql(CRON);
  const folder = await backUp(sourceServer, source.url);

  /** A fresh project, and its URL for the role that users have. */
  const project = async (): Promise<TestDatabase & { readonly asPostgres: string }> => {
    const database = await server.createDatabase(TARGET);
    await server.cluster.psql(`ALTER DATABASE ${database.name} OWNER TO postgres`);
    return { ...database, asPostgres: database.url.replace("supabase_admin@", "postgres@") };
  };

  const fresh = await project();
  const first = await restore(server, folder, fresh.asPostgres, { inPlace: true });

  Deno.test(`PostgreSQL ${major}: a Supabase project restores into a fresh one as postgres`, async () => {
    assertEquals([first.way, first.status], ["in_place", "done"]);
    await assertEqualUserSchemas(server, fresh, sourceServer, source);
    await assertPlatformRows(fresh, source);
    await assertPlatformUntouched(fresh);
    assertEquals(
      await fresh.psql("SELECT tgname FROM pg_trigger WHERE tgrelid = 'auth.users'::regclass AND NOT tgisinternal"),
      "on_auth_user_created",
    );
    assertEquals(await fresh.psql("SELECT count(*) FROM public.profiles"), "5000");
    assertEquals(
      await fresh.psql("SELECT tablename FROM pg_publication_tables WHERE pubname = 'supabase_realtime' ORDER BY 1"),
      "order_items\norders",
    );
    const extensions = "SELECT extname FROM pg_extension WHERE extname IN ('citext', 'pg_trgm') ORDER BY 1";
    assertEquals(await fresh.psql(extensions), "citext\npg_trgm");
  });

  Deno.test(`PostgreSQL ${major}: a restore into Supabase widens no access through default privileges`, async () => {
    assertEquals(first.widened, []);
    const access = `SELECT has_table_privilege('anon', 'public.orders', 'SELECT'),
      has_table_privilege('anon', 'tenant_acme.settings', 'SELECT'), has_function_privilege('anon', 'public.is_member(text)', 'EXECUTE')`;
    assertEquals([await fresh.psql(access), await source.psql(access)], ["f|f|f", "f|f|f"]);
    // Afterwards they are as they were.
    const defaults = `SELECT count(*) FROM pg_default_acl, aclexplode(defaclacl)
      WHERE defaclrole = 'postgres'::regrole AND defaclnamespace = 'public'::regnamespace AND defaclobjtype = 'S'`;
    assertEquals(await fresh.psql(defaults), "12");
  });

  Deno.test(`PostgreSQL ${major}: a restore into Supabase says what it left out, and why, and what is left to do`, () => {
    const reasonOf = (kind: string, object: string) =>
      first.leftOut.find((one) => one.kind === kind && one.object === object)?.reason;
    assertEquals(reasonOf("TABLE DATA", "auth.schema_migrations"), "the platform's own migrations");
    assertEquals(reasonOf("TABLE DATA", "storage.migrations"), "the platform's own migrations");
    assertEquals(reasonOf("EVENT TRIGGER", "pgrst_ddl_watch"), "is there already");
    assertEquals(reasonOf("PUBLICATION", "everything_inserted"), "for all tables: needs a superuser");
    assertEquals(reasonOf("PUBLICATION", "supabase_realtime"), "is there already");
    assertEquals(reasonOf("TABLE", "auth.users"), "auth is the platform's: it makes this itself");
    assertStringIncludes(reasonOf("POLICY", "storage.objects Avatars are public") ?? "", "supautils");
    const todo = first.todo.join("\n");
    assertStringIncludes(
      todo,
      `create the policy in the dashboard: CREATE POLICY "Avatars are public" ON storage.objects`,
    );
    assertStringIncludes(todo, "SELECT vault.create_secret('…', 'secret_1')");
    assertStringIncludes(todo, "look at pg_cron's 2 jobs, which are inactive");
  });

  Deno.test(`PostgreSQL ${major}: pg_cron's jobs come back inactive, or active when asked for`, async () => {
    const jobs = "SELECT jobname, schedule, command, active FROM cron.job ORDER BY jobname";
    assertEquals(
      await fresh.psql(jobs),
      "night's work|5 4 * * *|DELETE FROM x\n WHERE 'a' <> E'\\t'|f\n|* * * * *|SELECT 1|f",
    );
    const other = await project();
    await restore(server, folder, other.asPostgres, { inPlace: true, cron: "active" });
    assertEquals(await other.psql("SELECT count(*) FROM cron.job WHERE active"), "2");
  });

  Deno.test(`PostgreSQL ${major}: a lived-in Supabase project goes back to the backup in one transaction`, async () => {
    const target = fresh;
    await target.psql(
      `DELETE FROM public.order_items; CREATE TABLE public.newcomer (id int); ALTER TABLE public.newcomer OWNER TO postgres;
      SET session_replication_role = replica; INSERT INTO auth.users (id) VALUES (gen_random_uuid()); UPDATE storage.objects SET name = 'x' WHERE name LIKE '%/1.png'`,
    );
    const report = await restore(server, folder, target.asPostgres, { inPlace: true });
    await assertEqualUserSchemas(server, target, sourceServer, source);
    await assertPlatformRows(target, source);
    assert(report.overwritten.some(({ object, rows }) => object === "rows of auth.users" && rows === 5001));
  });

  Deno.test(`PostgreSQL ${major}: a Supabase project is never restored by a swap, and in place only when asked for`, async () => {
    const target = await project();
    await target.psql("CREATE TABLE public.mine (id int)");
    const error = await assertRejects(() => restore(server, folder, target.asPostgres), PgstrataError);
    assertEquals([error.code, error.context.reason], ["refused", "Supabase has one database per project"]);
  });

  Deno.test(`PostgreSQL ${major}: a platform older than the backup's is refused before anything is changed`, async () => {
    const target = await project();
    await target.psql("ALTER TABLE auth.sessions DROP COLUMN user_agent");
    const error = await assertRejects(
      () => restore(server, folder, target.asPostgres, { inPlace: true }),
      PgstrataError,
    );
    assertEquals([error.code, error.context.missing], ["refused", "auth.sessions.user_agent"]);
    assertEquals(await target.psql("SELECT count(*) FROM auth.users"), "0");
  });

  Deno.test(`PostgreSQL ${major}: a failure in the middle leaves a Supabase project as it was, the platform's rows too`, async () => {
    const target = await project();
    await target.psql(
      `CREATE FUNCTION extensions.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no views here'; END $$;
      CREATE EVENT TRIGGER no_views ON ddl_command_start WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION extensions.refuse()`,
    );
    const before = await dumpText(server, target);
    const error = await assertRejects(
      () => restore(server, folder, target.asPostgres, { inPlace: true }),
      PgstrataError,
    );
    assertStringIncludes(String((error.cause as Error).message), "no views here");
    assertEquals(differingLines(await dumpText(server, target), before), []);
  });
}

/** Default privileges of the platform's own and the owner's use of public are the target's. */
async function assertEqualUserSchemas(
  server: TestServer,
  target: TestDatabase,
  sourceServer: TestServer,
  source: TestDatabase,
): Promise<void> {
  const part = { schemas: ["public", "tenant_acme", "supabase_migrations"] };
  const clean = (text: string) =>
    text.split("\n").filter((line) =>
      line !== "" && line !== "--" && !/DEFAULT PRIVILEGES|^GRANT USAGE ON SCHEMA public TO postgres;$/.test(line)
    ).join("\n");
  const [found, expected] = [await dumpText(server, target, part), await dumpText(sourceServer, source, part)];
  assertEquals(differingLines(clean(found), clean(expected)), []);
}

/** Rows of the platform's tables by the columns that the source has. */
async function assertPlatformRows(target: TestDatabase, source: TestDatabase): Promise<void> {
  for (
    const table of [
      "auth.users",
      "auth.identities",
      "auth.sessions",
      "auth.refresh_tokens",
      "auth.mfa_factors",
      "storage.buckets",
      "storage.objects",
    ]
  ) {
    const columns = await source.psql(`SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
      WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped`);
    const digest =
      `SELECT count(*), md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))) FROM (SELECT ${columns} FROM ${table}) AS r`;
    assertEquals(await target.psql(digest), await source.psql(digest), table);
  }
  const value = "SELECT last_value FROM auth.refresh_tokens_id_seq";
  assertEquals(await target.psql(value), await source.psql(value));
}

async function assertPlatformUntouched(target: TestDatabase): Promise<void> {
  assertEquals(await target.psql("SELECT count(*) FROM auth.schema_migrations"), "60");
  assertEquals(await target.psql("SELECT count(*) FROM storage.migrations"), "41");
  assertEquals(
    await target.psql("SELECT tableowner FROM pg_tables WHERE schemaname = 'auth' GROUP BY 1"),
    "supabase_auth_admin",
  );
  assertEquals(
    await target.psql(
      "SELECT tgname FROM pg_trigger WHERE tgrelid = 'storage.objects'::regclass AND NOT tgisinternal AND tgenabled = 'O'",
    ),
    "protect",
  );
}
