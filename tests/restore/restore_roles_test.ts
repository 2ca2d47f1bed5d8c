import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSession, parseConnectionString, pinTarget } from "../../lib/connection/mod.ts";
import { restoreRoles } from "../../lib/restore/restore_roles.ts";
import { readTargetFacts } from "../../lib/restore/target_facts.ts";
import { readRoleScript } from "../../lib/restore/role_script.ts";
import { rolesOfEntry, rolesOfStatement } from "../../lib/restore/role_names.ts";
import { testServer } from "../../scripts/test_server.ts";
import type { TocEntry } from "../../lib/archive/mod.ts";
import { backUp, restore } from "./restore_fixture.ts";

// Servers with settings of their own have no roles of the fixtures.
const here = await testServer(15, { settings: { cluster_name: "one" } });
const there = await testServer(15, { settings: { cluster_name: "another" } });

const bare = await testServer(15, { settings: { cluster_name: "bare" } });

const source = await here.createDatabase({
  sql:
    `CREATE ROLE app_owner; CREATE ROLE "App ""Reader""" LOGIN CONNECTION LIMIT 3 VALID UNTIL '2031-01-01 00:00:00+00';
    CREATE ROLE unrelated; CREATE ROLE with_password LOGIN PASSWORD 'it''s\\secret';
    COMMENT ON ROLE app_owner IS E'owns; --\\n\\\\'; ALTER ROLE app_owner SET search_path = "a b", public;
    GRANT app_owner TO "App ""Reader""" WITH ADMIN OPTION;
    CREATE TABLE t (id int); ALTER TABLE t OWNER TO app_owner; GRANT SELECT ON t TO "App ""Reader""", unrelated;
    CREATE TABLE u (id int); GRANT SELECT ON u TO unrelated;`,
});
const folder = await backUp(here, source.url);
const FACTS =
  `SELECT rolname, rolcanlogin, rolconnlimit, rolvaliduntil, rolconfig, shobj_description(oid, 'pg_authid') FROM pg_roles
  WHERE rolname IN ('app_owner', 'App "Reader"', 'unrelated', 'with_password') ORDER BY 1`;

Deno.test("restore creates roles that are missing, with attributes, passwords, settings, comments and memberships", async () => {
  const target = await there.createDatabase();
  await there.cluster.psql("CREATE ROLE unrelated CONNECTION LIMIT 9");
  const report = await restore(there, folder, target.url);
  assertEquals(report.roles?.created.toSorted(), ['App "Reader"', "app_owner", "with_password"]);
  assertEquals(report.roles?.withoutPassword, ['App "Reader"']);
  const [found, expected] = [await target.psql(FACTS), await source.psql(FACTS)];
  // The one that was there has been left as it was.
  assertEquals(found.replace("unrelated|f|9", "unrelated|f|-1"), expected);
  const members =
    "SELECT m.member::regrole, m.admin_option FROM pg_auth_members m WHERE m.roleid = 'app_owner'::regrole";
  assertEquals(await target.psql(members), await source.psql(members));
  const hash = "SELECT rolpassword FROM pg_authid WHERE rolname = 'with_password'";
  assertEquals(await target.psql(hash), await source.psql(hash));
  assertEquals(await target.psql("SELECT tableowner FROM pg_tables WHERE tablename = 't'"), "app_owner");
});

Deno.test("restore without roles says which owners and grants are missing, and applies the others", async () => {
  const target = await there.createDatabase();
  await target.psql(`REASSIGN OWNED BY app_owner TO CURRENT_USER; DROP OWNED BY app_owner, "App ""Reader"""`).catch(
    () => {},
  );
  await bare.cluster.psql("CREATE ROLE unrelated");
  const database = await bare.createDatabase();
  const report = await restore(bare, folder, database.url, { roles: false });
  assertEquals(report.status, "done");
  assertEquals(report.ownersNotSet, [{ owner: "app_owner", objects: 1 }]);
  assertStringIncludes(
    report.notGranted.join("\n"),
    `GRANT SELECT ON TABLE public.t TO "App ""Reader"""; (there is no role App "Reader")`,
  );
  assertEquals(await database.psql("SELECT has_table_privilege('unrelated', 't', 'SELECT')"), "t");
  assertEquals(await database.psql("SELECT tableowner FROM pg_tables WHERE tablename = 't'"), "postgres");
});

Deno.test("readRoleScript reads what pg_dumpall writes", () => {
  const script = [
    "SET default_transaction_read_only = off;",
    `CREATE ROLE "a;b";`,
    `ALTER ROLE "a;b" WITH NOSUPERUSER LOGIN CONNECTION LIMIT 5 PASSWORD 'SCRAM-SHA-256$4096:x; --''y' VALID UNTIL 'infinity';`,
    `ALTER ROLE "a;b" SET search_path TO 'x;', 'y';`,
    `COMMENT ON ROLE "a;b" IS 'two\nlines; CREATE ROLE evil;';`,
    "CREATE TABLESPACE t OWNER postgres LOCATION '/x';",
    `GRANT pg_monitor TO "a;b" WITH ADMIN OPTION GRANTED BY postgres;`,
    "GRANT one TO two WITH INHERIT FALSE, SET TRUE GRANTED BY three;",
  ].join("\n");
  const { roles, memberships } = readRoleScript(script);
  assertEquals(roles.map(({ name }) => name), ["a;b"]);
  assertEquals(roles[0]?.attributes, [
    "NOSUPERUSER",
    "LOGIN",
    "CONNECTION LIMIT 5",
    "PASSWORD 'SCRAM-SHA-256$4096:x; --''y'",
    "VALID UNTIL 'infinity'",
  ]);
  assertEquals(roles[0]?.statements.length, 2);
  assertEquals(memberships, [
    { role: "pg_monitor", member: "a;b", options: " WITH ADMIN OPTION" },
    { role: "one", member: "two", options: " WITH INHERIT FALSE, SET TRUE" },
  ]);
});

const STATEMENTS: readonly [string, readonly string[]][] = [
  ["GRANT SELECT ON TABLE public.t TO app;", ["app"]],
  [`GRANT SELECT(a),INSERT(b) ON TABLE public."x TO y" TO "the ""role""" WITH GRANT OPTION;`, [`the "role"`]],
  ["REVOKE ALL ON FUNCTION f(a text) FROM PUBLIC;", []],
  ["ALTER DEFAULT PRIVILEGES FOR ROLE one IN SCHEMA s GRANT ALL ON TABLES  TO two;", ["one", "two"]],
  ["SET SESSION AUTHORIZATION other;", ["other"]],
];

for (const [statement, roles] of STATEMENTS) {
  Deno.test(`rolesOfStatement finds the roles of ${statement}`, () =>
    assertEquals(rolesOfStatement(statement), [...roles]));
}

Deno.test("rolesOfEntry finds the roles of a policy, not words of its expressions", () => {
  const entry = {
    desc: "POLICY",
    dropStmt: `DROP POLICY "to; x" ON s.t;\n`,
    defn: `CREATE POLICY "to; x" ON s.t AS RESTRICTIVE FOR UPDATE TO one, "t w;o" USING ((a = ' TO three'::text));\n`,
  } as TocEntry;
  assertEquals(rolesOfEntry(entry), ["one", "t w;o"]);
  const open = { ...entry, defn: `CREATE POLICY "to; x" ON s.t USING ((b = ' TO x USING '::text));\n` };
  assertEquals(rolesOfEntry(open), []);
});

Deno.test("memberships written by PostgreSQL 16 and newer are granted by an older server, unless they would give more", async () => {
  const database = await here.createDatabase({
    sql: "CREATE ROLE old_member; CREATE ROLE old_admin; CREATE ROLE old_group",
  });
  const script = readRoleScript(`
    CREATE ROLE no_heir;
    ALTER ROLE no_heir WITH NOSUPERUSER NOINHERIT LOGIN;
    CREATE ROLE heir;
    ALTER ROLE heir WITH NOSUPERUSER INHERIT;
    CREATE ROLE setless;
    ALTER ROLE setless WITH NOINHERIT;
    GRANT old_group TO no_heir WITH INHERIT FALSE GRANTED BY postgres;
    GRANT old_admin TO no_heir WITH ADMIN OPTION, INHERIT TRUE GRANTED BY postgres;
    GRANT old_group TO heir WITH INHERIT FALSE GRANTED BY postgres;
    GRANT old_admin TO heir WITH INHERIT TRUE GRANTED BY postgres;
    GRANT old_group TO setless WITH INHERIT FALSE, SET FALSE GRANTED BY postgres;`);
  const { signal } = new AbortController();
  const target = parseConnectionString(database.url, { environment: "url", source: "--to", env: {} });
  await using session = await openSession(await pinTarget(target, { signal }), { signal });
  const { problems } = await restoreRoles(session, await readTargetFacts(session), script, null);
  assertEquals(problems.map((text) => text.replace(/;.*|, without.*/, "")), [
    "membership of heir in old_group was refused: INHERIT FALSE came with PostgreSQL 16",
    "membership of setless in old_group was refused: SET FALSE came with PostgreSQL 16",
  ]);
  assertEquals(
    await database.psql(`SELECT string_agg(format('%s in %s %s', member::regrole, roleid::regrole, admin_option), ', '
      ORDER BY member::regrole::text, roleid::regrole::text) FROM pg_auth_members WHERE roleid::regrole::text LIKE 'old\\_%'`),
    "heir in old_admin f, no_heir in old_admin t, no_heir in old_group f",
  );
});
