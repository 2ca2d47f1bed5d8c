import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError, quoteLiteral, Secret } from "../../lib/base/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import {
  openSession,
  parseConnectionString,
  type PinnedTarget,
  pinTarget,
  toolEnvironment,
} from "../../lib/connection/mod.ts";
import { PASSWORD, SUPERUSER, TestServer } from "./server_fixture.ts";

let server: TestServer;
Deno.test.beforeAll(async () => {
  server = await TestServer.start();
});
Deno.test.afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function psql(target: PinnedTarget, sql: string): Promise<string> {
  await using folder = await TempFolder.create();
  const env = await toolEnvironment(target, folder.path);
  return (await processText({ program: "psql", args: ["-X", "-A", "-t", "-w", "-c", sql], env })).trim();
}

const WHERE =
  "SELECT concat_ws(' ', current_user, current_database(), inet_server_port(), current_setting('work_mem'))";

async function bySession(target: PinnedTarget): Promise<unknown> {
  await using session = await openSession(target);
  return (await session.query<{ w: string }>(`${WHERE} AS w`))[0]?.w;
}

const PASSWORDS = [
  "plain",
  ":",
  "\\",
  "a:b\\:c\\\\",
  "'\"`$(id);|&<>",
  "  spaces at both ends  ",
  "#starts like a comment",
  "100%25 @/?#[]=&+",
  "*",
  "пароль 密码 🔑",
  "nfd: u\u0308 ligature: \uFB01 nbsp:\u00A0 soft\u00ADhyphen",
  "\u2168 roman and \u00AA ordinal",
  "tab\there",
  "x".repeat(300),
];
for (const [index, password] of PASSWORDS.entries()) {
  for (const method of ["scram-sha-256", "md5"]) {
    Deno.test(`driver and psql log in by ${method} with the password ${JSON.stringify(password.slice(0, 30))}`, async () => {
      const user = method === "md5" ? "md5_user" : `user_${index}`;
      {
        await using admin = await openSession(server.target());
        await admin.execute(
          `DROP ROLE IF EXISTS ${user}; SET password_encryption = '${method}'; CREATE ROLE ${user} LOGIN PASSWORD ${
            quoteLiteral(password)
          }`,
        );
      }
      const target = server.target({ user, password: new Secret(password) });
      assertMatch(await psql(target, WHERE), new RegExp(`^${user} postgres`));
      assertMatch(String(await bySession(target)), new RegExp(`^${user} postgres`));
      // The same through a percent-encoded URL and a quoted keyword string.
      const texts = [
        `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${server.port}/postgres?sslmode=disable`,
        `host=127.0.0.1 port=${server.port} dbname=postgres user=${user} sslmode=disable password='${
          password.replaceAll(/['\\]/g, "\\$&")
        }'`,
      ];
      for (const text of texts) {
        const parsed = parseConnectionString(text, { environment: "test", source: "the test", env: {} });
        assertEquals(parsed.password?.reveal(), password);
        assertMatch(String(await bySession(await pinTarget(parsed))), new RegExp(`^${user} postgres`));
      }
    });
  }
}

Deno.test("connection strings of every form lead driver, our psql and plain psql to the same place", async (t) => {
  const { port, folder } = server;
  const pass = encodeURIComponent(PASSWORD);
  const quoted = PASSWORD.replaceAll(/['\\]/g, "\\$&");
  const dead = `127.0.0.1:1`;
  {
    await using admin = await openSession(server.target());
    await admin.execute('DROP DATABASE IF EXISTS "odd name/é%"');
    await admin.execute('CREATE DATABASE "odd name/é%"');
  }
  const strings: string[] = [
    `postgresql://${SUPERUSER}:${pass}@127.0.0.1:${port}/postgres`,
    `postgres://${SUPERUSER}:${pass}@localhost:${port}/postgres?sslmode=prefer`,
    `postgres://${SUPERUSER}:${pass}@127.0.0.1:${port}/${encodeURIComponent("odd name/é%")}`,
    `postgres://127.0.0.1:${port}/postgres?user=${SUPERUSER}&password=${pass}`,
    `postgresql://${SUPERUSER}:${pass}@${encodeURIComponent(folder)}:${port}/postgres`,
    `postgresql://${SUPERUSER}:${pass}@:${port}/postgres?host=${folder}`,
    `postgresql:///postgres?host=${folder}&port=${port}&user=${SUPERUSER}&password=${pass}`,
    `postgresql://${SUPERUSER}:${pass}@${dead},127.0.0.1:${port}/postgres`,
    `postgresql://${SUPERUSER}:${pass}@/postgres?host=/nowhere,127.0.0.1&port=${port}`,
    `postgresql://${SUPERUSER}:${pass}@${dead},127.0.0.1:${port}/postgres?target_session_attrs=read-write`,
    `postgresql://${SUPERUSER}:${pass}@127.0.0.1:${port}/postgres?options=-c%20work_mem%3D7MB`,
    `postgresql://${SUPERUSER}:${pass}@127.0.0.1:${port}/postgres?connect_timeout=5&keepalives_idle=30&application_name=x`,
    `postgresql://${SUPERUSER}:${pass}@db.test:${port}/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=${server.ca}`,
    `host=127.0.0.1 port=${port} user=${SUPERUSER} password='${quoted}' dbname=postgres`,
    `host = '${folder}' port=${port} user=${SUPERUSER} password='${quoted}' dbname='odd name/é%' options='-c work_mem=9MB'`,
    `hostaddr=127.0.0.1 port=${port} user=${SUPERUSER} password='${quoted}' dbname=postgres sslmode=require`,
  ];
  for (const [index, text] of strings.entries()) {
    await t.step(`string ${index + 1}: ${text.replaceAll(pass, "…").replaceAll(quoted, "…")}`, async () => {
      const target = parseConnectionString(text, { environment: "test", source: "the test", env: {} });
      const pinned = await pinTarget(target);
      const plain = (await processText({ program: "psql", args: ["-X", "-A", "-t", "-w", "-c", WHERE, text] })).trim();
      assertEquals(await psql(pinned, WHERE), plain);
      assertEquals(await bySession(pinned), plain);
    });
  }
});

Deno.test("toolEnvironment() writes the password to a private file only", async () => {
  await using folder = await TempFolder.create();
  const env = await toolEnvironment(
    server.target({ parameters: { keepalives_idle: "9", require_auth: "scram-sha-256" } }),
    folder.path,
  );
  assertEquals(JSON.stringify(env).includes("w%o@r"), false);
  assertEquals("PGPASSWORD" in env, false);
  assertEquals(env.PGGSSENCMODE, "disable");
  assertEquals(env.PGREQUIREAUTH, "scram-sha-256");
  for (const file of [env.PGPASSFILE, env.PGSERVICEFILE]) {
    assert(file !== undefined);
    assertEquals(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  }
  assertEquals(await Deno.readTextFile(env.PGSERVICEFILE ?? ""), "[pgstrata]\nkeepalives_idle=9\n");
  assertEquals(await psql(server.target({ parameters: { keepalives_idle: "9" } }), "SELECT 1"), "1");
});

Deno.test("toolEnvironment() refuses a password with a line break, which no pass file can carry", async () => {
  await using folder = await TempFolder.create();
  const error = await assertRejects(
    () => toolEnvironment(server.target({ password: new Secret("a\nb") }), folder.path),
    PgstrataError,
  );
  assertMatch(error.hint ?? "", /line break|stray/);
});

Deno.test("pinTarget() asks the password file as libpq does, and ignores one that others can read", async () => {
  await using folder = await TempFolder.create();
  const passfile = join(folder.path, "my pass");
  const escaped = PASSWORD.replaceAll(/[\\:]/g, "\\$&");
  await Deno.writeTextFile(
    passfile,
    `# comment\nelsewhere:*:*:*:no\n127.0.0.1:${server.port}:*:${SUPERUSER}:${escaped}\n`,
    {
      mode: 0o600,
    },
  );
  const { password: _, ...open } = server.target();
  const pinned = await pinTarget({ ...open, passfile });
  assertMatch(String(await bySession(pinned)), /^admin/);
  assertMatch(await psql(pinned, WHERE), /^admin/);
  const env = { PGPASSFILE: passfile, PGSSLMODE: "disable", PGGSSENCMODE: "disable" };
  const url = `postgresql://${SUPERUSER}@127.0.0.1:${server.port}/postgres`;
  await processText({ program: "psql", args: ["-X", "-w", "-c", "SELECT 1", url], env });
  const viaEnv = await pinTarget(parseConnectionString(url, { environment: "test", source: "the test", env }));
  assertEquals(viaEnv.password?.reveal(), PASSWORD);

  await Deno.chmod(passfile, 0o644);
  const warnings: string[] = [];
  const without = await pinTarget({ ...open, passfile }, { onWarning: (message) => warnings.push(message) });
  assertEquals(without.password, undefined);
  assertMatch(warnings.join(), /chmod 600/);
});
