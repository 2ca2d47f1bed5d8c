/** What `init` and `schedule` write is run here as GitHub, cron and systemd would: the very lines, against a server. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { parse } from "yaml";
import { generateAgeKey } from "../../lib/crypt/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import { parseCommandLine } from "../../tasks/parse.ts";
import { mainArguments, passedOn, ROOT, runMain } from "./run_main.ts";

const server = await testServer();

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder for a project, with a `deno` first in PATH that knows the task of its deno.json, and a database. */
async function makeProject(folder: string): Promise<Record<string, string>> {
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  const words = mainArguments([]).map((word) => `'${word}'`).join(" ");
  const script =
    `#!/bin/sh\n[ "$1 $2" = "task pgstrata" ] || exit 97\nshift 2\nexec '${Deno.execPath()}' ${words} "$@"\n`;
  await Deno.writeTextFile(join(bin, "deno"), script, { mode: 0o755 });
  await processText({
    program: "cp",
    args: [join(ROOT, "deno.json"), join(ROOT, "deno.lock"), folder],
  });
  return {
    ...passedOn(),
    PATH: `${bin}:${Deno.env.get("PATH") ?? ""}`,
    DENO_DIR: JSON.parse(await processText({ program: Deno.execPath(), args: ["info", "--json"] })).denoDir,
    NO_COLOR: "1",
    PGSTRATA_PG_BIN: server.tools.folder,
    GITHUB_REPOSITORY: "o/shop",
    GITHUB_EVENT_NAME: "schedule",
    GITHUB_SHA: "0123456789abcdef",
  };
}

async function bash(script: string, cwd: string, env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-eo", "pipefail", "-c", script],
    cwd,
    env,
    clearEnv: true,
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, `${script}\n${text}`);
  return text;
}

for (
  const [what, keep] of [["an encrypted artifact", ["--keep", "artifact"]], ["a bucket", ["--keep", "s3"]]] as const
) {
  Deno.test(`the workflow that init writes for ${what} runs, step by step: doctor, backup, drill, encrypt, keep`, async () => {
    await using folder = await TempFolder.create();
    const env = await makeProject(folder.path);
    const { recipient } = await generateAgeKey();
    const s3 = keep[1] === "s3" ? ["--s3-url", "s3://bucket/db"] : [];
    const init = await runMain(
      ["init", "--environments", "prod", "--recipient", recipient, "--parts", "workflow,config", ...keep, ...s3],
      { cwd: folder.path },
    );
    assertEquals(init.code, 0, init.stderr);
    if (keep[1] === "s3") {
      // The bucket is a folder here: push is the same.
      const path = join(folder.path, "pgstrata.json");
      await Deno.mkdir(join(folder.path, "cold"));
      const text = await Deno.readTextFile(path);
      assertStringIncludes(text, "s3://bucket/db");
      await Deno.writeTextFile(path, text.replace("s3://bucket/db", `file://${folder.path}/cold`));
    }
    const workflow = parse(await Deno.readTextFile(join(folder.path, ".github/workflows/backup.yml")));
    const steps = workflow.jobs.backup.steps as readonly Step[];
    const database = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
    const known: Readonly<Record<string, string>> = {
      "matrix.environment": "prod",
      "secrets[matrix.secret]": database.url,
      "secrets.PGSTRATA_PING_URL": "",
    };
    const value = (text: string) =>
      text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, name) => known[name] ?? (name.startsWith("inputs") ? "weekly" : ""));
    const values = (given: Readonly<Record<string, string>> = {}) =>
      Object.fromEntries(Object.entries(given).map(([name, text]) => [name, value(text)]));
    const ran: string[] = [];
    for (const step of steps) {
      if (step.run === undefined || step.run.includes("apt-get")) continue;
      ran.push(step.name ?? "");
      // The doctor's findings of this machine are its own business: it has to have come as far as the database.
      const run = step.name === "Doctor" ? `{ ${step.run}; } || test $? = 3` : step.run;
      const said = await bash(run, folder.path, { ...env, ...values(workflow.jobs.backup.env), ...values(step.env) });
      if (step.name === "Doctor") assertStringIncludes(said, "logged in as");
      if (step.name === "Drill") assertStringIncludes(said, "restored");
    }
    const last = keep[1] === "s3" ? "Push to cold storage" : "Check that nothing unencrypted is uploaded";
    assertEquals(ran, ["Doctor", "Back up", "Drill", "Encrypt", last]);
    const uploaded = await processText({
      program: "find",
      args: [keep[1] === "s3" ? "cold" : "backups/archive", "-type", "f", "-name", "*.age"],
      cwd: folder.path,
    });
    assertStringIncludes(uploaded, "database_full_");
  });
}

Deno.test("the crontab that schedule prints runs line by line: daily, weekly, monthly to storage, drill, pre-release", async () => {
  await using folder = await TempFolder.create();
  const env = await makeProject(folder.path);
  const database = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
  const { recipient } = await generateAgeKey();
  await Deno.mkdir(join(folder.path, "cold"));
  await Deno.writeTextFile(
    join(folder.path, "pgstrata.json"),
    JSON.stringify({
      recipients: { age: [recipient] },
      storage: [{ name: "disk", url: `file://${folder.path}/cold` }],
    }),
  );
  await Deno.writeTextFile(join(folder.path, ".env"), `DATABASE_URL_PROD="${database.url}"\n`, { mode: 0o600 });
  const program = join(folder.path, "pgstrata");
  const own = mainArguments([]).map((word) => `'${word}'`).join(" ");
  await Deno.writeTextFile(program, `#!/bin/sh\nexec '${Deno.execPath()}' ${own} "$@"\n`, { mode: 0o755 });
  const { stdout, code, stderr } = await runMain(
    ["schedule", "prod", "--form", "cron", "--only", "daily,weekly,monthly,quarterly", "--command", program],
    { cwd: folder.path },
  );
  assertEquals(code, 0, stderr);
  const lines = stdout.split("\n").filter((line) => /^\d/.test(line));
  assertEquals(lines.length, 4);
  // In the order of a quarter's first day, which is a Sunday.
  const hour = (line: string) => Number(line.split(" ")[1]);
  lines.sort((a, b) => hour(a) - hour(b));
  for (const line of lines) {
    const [, command = ""] = /^(?:\S+ ){5}(.*)$/.exec(line) ?? [];
    await bash(command.replaceAll("\\%", "%"), folder.path, env);
  }
  const names = [...Deno.readDirSync(join(folder.path, "backups"))].map(({ name }) => name.replace(/^\d+_\d+_/, ""))
    .filter((name) => name !== ".pgstrata").toSorted();
  assertEquals(names, ["prod_daily", "prod_monthly", "prod_weekly", "prod_weekly-schema"]);
  const stored = [...Deno.readDirSync(join(folder.path, "cold"))].map(({ name }) => name);
  assert(stored.some((name) => name.endsWith("_prod_monthly")), stored.join());
});

Deno.test("every line that init's units and schedule's runs hold is one that pgstrata understands", async () => {
  await using folder = await TempFolder.create();
  const init = await runMain(["init", "--environments", "prod,eu-west", "--parts", "systemd,cron"], {
    cwd: folder.path,
  });
  assertEquals(init.code, 0, init.stderr);
  const texts: string[] = [];
  const read = (path: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(path)) {
      if (isDirectory) read(join(path, name));
      else texts.push(Deno.readTextFileSync(join(path, name)));
    }
  };
  read(join(folder.path, "deploy"));
  const all = "daily,weekly,monthly,quarterly,pre-release";
  for (const form of ["systemd", "cron"]) {
    texts.push((await runMain(["schedule", "prod", "--form", form, "--only", all], { cwd: folder.path })).stdout);
  }
  const lines = texts.flatMap((text) =>
    // Lines of a crontab with several calls name the program once, in a function of the shell: run.
    [...text.matchAll(/(?:tasks\/main\.ts['"]?|&& run) (?!"\$@")([^&>\n]+)/g)]
      .filter(([whole]) => !whole.includes("run() {")).map(([, line = ""]) => line.trim())
  );
  assert(lines.length >= 12, lines.join("\n"));
  for (const line of lines) {
    const parsed = parseCommandLine(line.split(" "), COMMANDS);
    assert(["backup", "verify", "encrypt", "push"].includes(parsed.path[0] ?? ""), line);
  }
});
