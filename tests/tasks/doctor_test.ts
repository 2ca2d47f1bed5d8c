import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { removeTree, TempFolder } from "../../lib/system/mod.ts";
import type { Invocation, TaskContext } from "../../tasks/command.ts";
import { DOCTOR_OPTIONS } from "../../tasks/commands/doctor.ts";
import { run } from "../../tasks/doctor.ts";
import type { DoctorDocument } from "../../tasks/doctor_document.ts";
import { doctorText } from "../../tasks/doctor_text.ts";
import { PLAIN } from "../../tasks/paint.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { testServer } from "../../scripts/test_server.ts";
import { type FakeContext, fakeContext } from "./fake_context.ts";
import { runMain } from "./run_main.ts";

const server = await testServer();

async function doctor(
  line: string,
  given: Partial<TaskContext> & { quiet?: boolean } = {},
): Promise<FakeContext & { readonly code: number }> {
  const context = fakeContext(given);
  const invocation = parseOptions(line.split(" ").filter((word) => word !== ""), DOCTOR_OPTIONS);
  const deps = { resolve: () => Promise.reject(Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" })) };
  return { ...context, code: await run(invocation as Invocation<typeof DOCTOR_OPTIONS>, context, deps) };
}

Deno.test("doctor of a database that can be backed up ends with 0 and prints one document with --json", async () => {
  await using folder = await TempFolder.create();
  const { url } = await server.createDatabase("sample");
  const { code, out } = await doctor("", { cwd: folder.path, env: { DATABASE_URL_PROD: url }, json: true });
  const document = JSON.parse(out.text()) as DoctorDocument;
  const failed = [...document.general, ...document.environments.flatMap(({ checks }) => checks)]
    .filter(({ state }) => state === "problem");
  // The client programs are this machine's; a test server of their version is used.
  assertEquals(failed, []);
  assertEquals([code, document.version, document.command, document.ok], [0, 1, "doctor", true]);
  assertEquals(document.environments.map(({ environment, skipped }) => [environment, skipped]), [["prod", []]]);
  const names = document.environments[0]?.checks.map(({ name }) => name) ?? [];
  for (const name of ["url", "port", "dns", "route", "login", "privileges", "connections", "size", "disk"]) {
    assert(names.includes(name), `${name} is missing among ${names}`);
  }
});

Deno.test("doctor names a wrong PGSTRATA_PG_BIN as what must be mended, not a client to install", async () => {
  await using folder = await TempFolder.create();
  const { url } = await server.createDatabase("empty");
  const env = { DATABASE_URL_PROD: url, PGSTRATA_PG_BIN: `${folder.path}/nowhere` };
  const { code, out } = await doctor("prod", { cwd: folder.path, env, json: true });
  const { environments } = JSON.parse(out.text()) as DoctorDocument;
  const check = environments[0]?.checks.find(({ name }) => name === "client_version");
  assertEquals([code, check?.state], [3, "problem"]);
  assertMatch(check?.message ?? "", /^Cannot use PGSTRATA_PG_BIN: /);
  assertFalse(check?.fix?.includes("apt-get"));
});

Deno.test("doctor names the unquoted # as the cure of a URL that it has cut, not what the rest looks like", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(`${folder.path}/.env`, "DATABASE_URL_PROD=postgresql://u:pa#ss@host:5432/d\n", {
    mode: 0o600,
  });
  const { code, out } = await doctor("prod", { cwd: folder.path, json: true });
  const { environments } = JSON.parse(out.text()) as DoctorDocument;
  const check = environments[0]?.checks.find(({ name }) => name === "url");
  assertEquals([code, check?.state], [3, "problem"]);
  assertStringIncludes(check?.fix ?? "", 'write DATABASE_URL_PROD="…" in quotes, or # as %23');
});

Deno.test("doctor goes as far as it can: one environment fails by its URL, one by its name, one is well", async () => {
  await using folder = await TempFolder.create();
  const { url } = await server.createDatabase("empty");
  const env = {
    DATABASE_URL_DEV: url,
    DATABASE_URL_PROD: "postgresql://u:topsecret@host:not-a-port/d",
    DATABASE_URL_STAGING: "postgresql://u:topsecret@db.nowhere.test/d?sslmode=require",
  };
  const { code, out, err } = await doctor("", { cwd: folder.path, env });
  assertEquals(code, 3);
  const text = out.text().replaceAll(/\s+/g, " ");
  assertMatch(text, / prod !! url Cannot read DATABASE_URL_PROD: the port in the URL is not a number/);
  assertMatch(text, / staging ok url .*!! dns Cannot connect to \S+ the host name is unknown/);
  assertMatch(text, / dev ok url .* ok login .* staging ok url /);
  assertMatch(text, / 2 problems, \d+ warnings? $/);
  assertFalse(/topsecret/.test(text + err.text()));
});

Deno.test("doctor of an environment that is not configured is a problem with the variable to set", async () => {
  const { code, out } = await doctor("prod", { env: {} });
  assertEquals(code, 3);
  assertStringIncludes(out.text().replaceAll(/\s+/g, " "), "DATABASE_URL_PROD is not set");
  assertStringIncludes(out.text(), "fix: pgstrata init");
});

Deno.test("doctor finds a configuration that cannot be understood, and goes on", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(`${folder.path}/pgstrata.json`, '{"retension": {}}');
  const { code, out } = await doctor("", { cwd: folder.path });
  assertEquals(code, 3);
  assertStringIncludes(out.text().replaceAll(/\s+/g, " "), "retension is unknown");
  assertStringIncludes(out.text(), "Did you mean retention");
});

Deno.test("doctor --quiet shows only what is not well, and a command is never broken into lines", () => {
  const fix = `psql -c '${"x".repeat(200)}'`;
  const text = doctorText({
    version: 1,
    command: "doctor",
    ok: false,
    problems: 1,
    warnings: 0,
    general: [{ name: "config", state: "ok", message: "fine", fix: null, details: [] }],
    environments: [{
      environment: "prod",
      checks: [{
        name: "privileges",
        state: "problem",
        message: "bad \u001b[31m name",
        fix,
        details: ["a.b: no SELECT"],
      }],
      skipped: [],
    }],
  }, { columns: 60, paint: PLAIN, quiet: true });
  assertEquals(
    text,
    `prod\n  !! privileges        bad \\x1b[31m name\n${" ".repeat(23)}a.b: no SELECT\n${
      " ".repeat(23)
    }fix: ${fix}\n\n` +
      "1 problem, 0 warnings\n",
  );
});

Deno.test("pgstrata doctor works as users run it, and leaves nothing behind", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${cwd}/.env`, "DATABASE_URL_PROD=postgresql://u:half#gone@127.0.0.1:1/d\n");
    await Deno.chmod(`${cwd}/.env`, 0o644);
    const { code, stdout, stderr } = await runMain(["doctor", "prod"], { cwd });
    assertEquals(code, 3, stderr);
    assertMatch(stdout, /!! env_file_quotes/);
    assertMatch(stdout, /!! env_file_mode[^]*fix: chmod 600/);
    assertFalse(/half/.test(stdout + stderr));
    assertEquals([...Deno.readDirSync(cwd)].map(({ name }) => name), [".env"]);
  } finally {
    await removeTree(cwd);
  }
});
