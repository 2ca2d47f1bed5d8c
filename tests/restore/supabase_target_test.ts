import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { type TestDatabase, testedMajors, type TestServer, testServer } from "../../scripts/test_server.ts";
import { backUp, differingLines, dumpText, restore, targetOf } from "./restore_fixture.ts";
import type { RestoreWork } from "../../lib/restore/restore_work.ts";
import { supabasePreflight } from "../../lib/restore/supabase_preflight.ts";

const TARGET = { file: new URL("../../scripts/fixtures/supabase_target.sql", import.meta.url).pathname };

/** Jobs of pg_cron, as its own table holds them; without the extension, which is not here. */
const CRON = `
CREATE SCHEMA cron;
CREATE TABLE cron.job (jobid bigserial PRIMARY KEY, schedule text, command text, nodename text DEFAULT 'localhost', nodeport int DEFAULT 5432,
  database text DEFAULT 'postgres', username text DEFAULT 'postgres', active boolean DEFAULT true, jobname text);
INSERT INTO cron.job (schedule, command, jobname) VALUES ('5 4 * * *', E'DELETE FROM x\\n WHERE ''a'' <> E''\\\\t''', 'night''s work'), ('* * * * *', 'SELECT 1', NULL);
`;

/** Webhooks, and a role that may log in, whose password no backup of Supabase holds. */
const MORE = `
CREATE SCHEMA supabase_functions; CREATE TABLE supabase_functions.hooks (id int); INSERT INTO supabase_functions.hooks VALUES (1);
CREATE ROLE reporting LOGIN; GRANT SELECT ON public.orders TO reporting;
`;

// GRANT SET ON PARAMETER, which stands for supautils, came with 15.
for (const major of testedMajors().filter((each) => each >= 15)) {
  const sourceServer = await testServer(major);
  const server = await testServer(major, { superuser: "supabase_admin" });
  const source = await sourceServer.createDatabase("sample");
  await source.psql(CRON + MORE);
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

  Deno.test(`PostgreSQL ${major}: what Supabase's guide leaves to people is looked at before, and shown before anybody agrees`, async () => {
    const checks = new Map(first.preflight.map(({ check, state, text }) => [check, `${state}: ${text}`]));
    assertEquals([...checks.keys()], [
      "disk",
      "extensions",
      "role passwords",
      "webhooks",
      "publications",
      "default privileges",
      "vault root key",
      "connection",
    ]);
    const says = (check: string, text: RegExp) => assertMatch(checks.get(check) ?? "", text);
    says("disk", /^ok: about .* needed, .* free in \//);
    says("extensions", /^ok: .*pgcrypto \S+ is there.*/);
    says("extensions", /citext \S+ can be created/);
    says("role passwords", /^attention: the backup holds no passwords of reporting/);
    says("webhooks", /^attention: .*enable Database Webhooks in the dashboard first/);
    says("publications", /^attention: .*everything_inserted cannot be made by this role.*/);
    says("publications", /supabase_realtime is here: its tables join it again/);
    says("default privileges", /^ok: those of the project are set aside/);
    says("vault root key", /^attention: the backup holds \d+ secrets/);
    says("connection", /^ok: /);
    assertStringIncludes(first.todo.join("\n"), "enable Database Webhooks in the project's settings");
    assertStringIncludes(first.todo.join("\n"), "set passwords: reporting");
    const enabled = await project();
    await enabled.psql("CREATE SCHEMA supabase_functions");
    const second = await restore(server, folder, enabled.asPostgres, { inPlace: true });
    assertEquals(second.plans[0]?.preflight, second.preflight);
    assertEquals(second.preflight.find(({ check }) => check === "webhooks")?.text, "enabled here, too");
  });

  Deno.test(`PostgreSQL ${major}: policies on the platform's tables are restored where supautils allows it, and only there`, async () => {
    const grants = (name: string) =>
      server.cluster.psql(
        `ALTER DATABASE ${name} SET "supautils.policy_grants" = '{"postgres": ["storage.objects", "auth.users"]}'`,
      );
    const policies = `SELECT string_agg(pg_get_expr(polqual, polrelid), ',' ORDER BY polname) FROM pg_policy
      WHERE polrelid = 'storage.objects'::regclass`;
    // The setting alone, without what supautils does: it is asked by doing.
    const promised = await project();
    await grants(promised.name);
    const left = await restore(server, folder, promised.asPostgres, { inPlace: true });
    assertEquals(left.leftOut.filter(({ kind }) => kind === "POLICY").length, 2);
    assertEquals(await promised.psql(policies), "");
    // What supautils allows, PostgreSQL itself allows to a member of the owner.
    const target = await project();
    await grants(target.name);
    await server.cluster.psql("GRANT supabase_storage_admin TO postgres");
    try {
      const report = await restore(server, folder, target.asPostgres, { inPlace: true });
      assertEquals(report.leftOut.filter(({ kind }) => kind === "POLICY"), []);
      assert(!report.todo.some((text) => text.includes("create the policy in the dashboard")));
      assertEquals(await target.psql(policies), await source.psql(policies));
      // A second time they are there, and stay.
      const again = await restore(server, folder, target.asPostgres, { inPlace: true });
      assertEquals(again.leftOut.filter(({ kind }) => kind === "POLICY").map(({ reason }) => reason), [
        "is there already",
        "is there already",
      ]);
      assertEquals(await target.psql(policies), await source.psql(policies));
    } finally {
      await server.cluster.psql("REVOKE supabase_storage_admin FROM postgres");
    }
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
    // A trigger on a table of the platform goes with its function, and comes back with it.
    assertEquals(
      await target.psql("SELECT tgname FROM pg_trigger WHERE tgrelid = 'auth.users'::regclass AND NOT tgisinternal"),
      "on_auth_user_created",
    );
    assertEquals(await target.psql("SELECT count(*) FROM cron.job"), "2");
    // Made by the first restore, and without a password ever since.
    assertStringIncludes(report.todo.join("\n"), "set passwords: reporting may log in and have none here");
  });

  Deno.test(`PostgreSQL ${major}: the way back from a move empties the project again, what was made in it included`, async () => {
    const target = await project();
    const before = await backUp(server, target.asPostgres);
    const moved = await restore(server, folder, target.asPostgres, { inPlace: true });
    assertMatch(
      moved.undo ?? "",
      /--in-place --yes \S+ && psql .*DROP SCHEMA IF EXISTS supabase_migrations, tenant_acme CASCADE; DROP EXTENSION IF EXISTS citext, pg_trgm'$/,
    );
    const back = await restore(server, before, target.asPostgres, { inPlace: true });
    assertEquals(back.status, "done");
    assert(back.overwritten.some(({ object }) => object === "table public.orders (not in the backup)"));
    assertStringIncludes(
      back.warnings.join("\n"),
      "not in the backup, and left as it is: schema supabase_migrations, tenant_acme",
    );
    const left = `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`;
    assertEquals([await target.psql(left), await target.psql("SELECT count(*) FROM auth.users")], ["0", "0"]);
  });

  Deno.test(`PostgreSQL ${major}: --schema of the platform's replaces the rows in its tables, and drops nothing`, async () => {
    const target = await project();
    await restore(server, folder, target.asPostgres, { inPlace: true });
    await target.psql("SET session_replication_role = replica; DELETE FROM auth.users WHERE email LIKE 'user1%'");
    const report = await restore(server, folder, target.asPostgres, { schemas: ["auth"], clean: true });
    assertEquals(report.overwritten.filter(({ object }) => !object.startsWith("rows of auth.")), []);
    await assertPlatformRows(target, source);
  });

  Deno.test(`PostgreSQL ${major}: webhooks are asked for before anything is changed, or left out with --force`, async () => {
    const hooked = await sourceServer.createDatabase({
      sql:
        `CREATE SCHEMA supabase_functions; CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql
          AS 'BEGIN RETURN NEW; END'; CREATE TABLE public.t (id int); CREATE TRIGGER hook AFTER INSERT ON public.t
          FOR EACH ROW EXECUTE FUNCTION supabase_functions.http_request('https://example.org', 'POST', '{}', '{}', '1000')`,
    });
    const backup = await backUp(sourceServer, hooked.url);
    const target = await project();
    const error = await assertRejects(
      () => restore(server, backup, target.asPostgres, { inPlace: true }),
      PgstrataError,
    );
    assertEquals([error.code, error.context.triggers], ["refused", "public.t hook"]);
    const forced = await restore(server, backup, target.asPostgres, { inPlace: true, force: true });
    assertEquals(
      forced.leftOut.filter(({ kind }) => kind === "TRIGGER").map(({ object, reason }) => `${object}: ${reason}`),
      ["public.t hook: Database Webhooks are not enabled in this project"],
    );
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

Deno.test("a transaction pooler is refused before anything is asked of it; a session pooler is told apart", async () => {
  const server = await testServer(15);
  const url = (port: number) =>
    `postgresql://postgres.abcdefghijklmnopqrst:x@aws-0-eu.pooler.supabase.com:${port}/postgres`;
  const folder = await backUp(server, (await server.createDatabase({ sql: "CREATE TABLE t (a int)" })).url);
  const error = await assertRejects(() => restore(server, folder, url(6543)), PgstrataError);
  assertEquals(error.code, "connection");
  assertStringIncludes(error.message, "it is a transaction pooler");
  const work = {
    target: targetOf(url(5432)),
    archive: { toc: { entries: [] } },
    facts: { schemas: new Map(), ownDefaultPrivileges: 0 },
    source: { manifest: { tables: [] } },
    selection: { whole: true },
  } as unknown as RestoreWork;
  assertMatch(supabasePreflight(work).find(({ check }) => check === "connection")?.text ?? "", /^session pooler: /);
});

Deno.test("a disk that is too small is said before anybody agrees; one that cannot be seen is said to be unknown", async () => {
  const server = await testServer(15);
  const folder = await backUp(server, (await server.createDatabase({ sql: "CREATE TABLE t (a int)" })).url);
  const path = `${folder}/manifest.json`;
  const manifest = JSON.parse(await Deno.readTextFile(path));
  manifest.server.databaseBytes = 1e15;
  await Deno.writeTextFile(path, JSON.stringify(manifest));
  const target = await server.createDatabase({ sql: "CREATE TABLE old (a int)" });
  const report = await restore(server, folder, target.url);
  assertMatch(report.warnings.join("\n"), /disk: about .* needed, .* free in \//);
  assertEquals(report.plans[0]?.preflight.find(({ check }) => check === "disk")?.state, "attention");
  // A role that may not ask where the server's folder is.
  await server.cluster.psql("CREATE ROLE nobody_special LOGIN");
  await target.psql(
    `ALTER DATABASE ${target.name} OWNER TO nobody_special; GRANT ALL ON SCHEMA public TO nobody_special`,
  );
  const other = await restore(server, folder, target.url.replace("postgres@", "nobody_special@"), {
    tables: ["t"],
    clean: true,
    roles: false,
    inPlace: true,
  }).catch((error) => error.report);
  assertEquals(other.preflight.find(({ check }: { check: string }) => check === "disk")?.state, "unknown");
});

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
