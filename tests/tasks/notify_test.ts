import { assert, assertEquals, assertFalse, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { appendRecord, backupId } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { run, type RunBackup } from "../../tasks/backup.ts";
import type { Invocation, TaskContext } from "../../tasks/command.ts";
import { BACKUP_OPTIONS } from "../../tasks/commands/backup.ts";
import { NOTICE_OPTIONS } from "../../tasks/commands/notice_options.ts";
import type { OptionValues } from "../../tasks/command.ts";
import { noticePlan } from "../../tasks/notify_plan.ts";
import { JsonConsole } from "../../tasks/json_console.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { parseExposition } from "../notice/exposition_parser.ts";
import { Receiver } from "../notice/receiver.ts";
import { putBackup } from "../catalog/fixtures.ts";
import { fakeManifest } from "../report/fake_manifest.ts";
import { type FakeContext, fakeContext, fakeOutput } from "./fake_context.ts";
import { runMain } from "./run_main.ts";

const ENV = {
  DATABASE_URL_PROD: "postgresql://postgres:hunter2@prod.example.org:5432/shop",
  DATABASE_URL_STAGING: "postgresql://postgres:swordfish@staging.example.org:5432/shop",
};

const REFUSED = new PgstrataError("Cannot connect to prod.example.org: the password hunter2 is wrong", {
  code: "connection",
});

function ending(failing: Readonly<Record<string, Error>> = {}): RunBackup {
  return ({ target: { environment }, label }) => {
    const failure = failing[environment];
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve({ folder: `backups/x_${environment}`, manifest: fakeManifest({ environment, label }) });
  };
}

async function backup(
  words: readonly string[],
  makeBackup: RunBackup,
  given: Partial<TaskContext> = {},
): Promise<FakeContext & { readonly code: number }> {
  const context = fakeContext({ env: ENV, ...given });
  const invocation = parseOptions([...words], BACKUP_OPTIONS) as Invocation<typeof BACKUP_OPTIONS>;
  return { ...context, code: await run(invocation, context, makeBackup) };
}

Deno.test("backup --ping tells the start and a success, both with the id of the run", async () => {
  await using receiver = new Receiver();
  const { code } = await backup(["prod", "--ping", receiver.url("/uuid")], ending());
  assertEquals(code, 0);
  const [start, end] = receiver.received;
  assertEquals(receiver.received.length, 2);
  assert(start?.path.startsWith("/uuid/start?rid="), start?.path);
  assertEquals(end?.path, start?.path.replace("/start", ""));
  assertStringIncludes(end?.body ?? "", "backup of prod complete: ");
});

Deno.test("backup both pings once, and a failure of one is a failure; the password is nowhere", async () => {
  await using receiver = new Receiver();
  const given = { env: { ...ENV, PGSTRATA_PING_URL: receiver.url("/key-123") } };
  const { code, err } = await backup(["both"], ending({ prod: REFUSED }), given);
  assertEquals(code, 4);
  const end = receiver.received.at(-1);
  assert(end?.path.startsWith("/key-123/fail?"), end?.path);
  assertEquals(end?.body.split("\n").map((line) => line.slice(0, 23)), [
    "backup of prod FAILED: ",
    "backup of staging compl",
  ]);
  assertFalse(end?.body.includes("hunter2"));
  assertFalse(err.text().includes("key-123"), "the address is a secret");
});

Deno.test("backup pings a failure when there is nothing to back up, then fails as ever", async () => {
  await using receiver = new Receiver();
  await assertRejects(
    () => backup(["prod", "--ping", receiver.url("/c")], ending(), { env: {} }),
    PgstrataError,
    "DATABASE_URL_PROD is not set",
  );
  const end = receiver.received.at(-1);
  assert(end?.path.startsWith("/c/fail?"), end?.path);
  assertStringIncludes(end?.body ?? "", "DATABASE_URL_PROD is not set");
});

Deno.test("a receiver that refuses everything changes nothing about the backup, but is said", async () => {
  await using receiver = new Receiver([404]);
  const env = { ...ENV, HOOK: receiver.url("/hook/s3cret") };
  const words = ["prod", "--ping", receiver.url("/p"), "--webhook-env", "HOOK", "--metrics-file", "/nowhere/x.prom"];
  const { code, out, err } = await backup(words, ending(), { env });
  assertEquals([code, out.text()], [0, "backups/x_prod\n"]);
  const host = new URL(receiver.url()).host;
  assertStringIncludes(
    err.text(),
    `warning: Cannot send the webhook to ${host}: it answered 404; this changes nothing`,
  );
  assertStringIncludes(err.text(), `Cannot send the ping to ${host}: it answered 404`);
  assertStringIncludes(err.text(), "Cannot write the metrics: there is no folder /nowhere");
  assertFalse(err.text().includes("s3cret"));
});

Deno.test("webhooks get a message for each environment; those of pgstrata.json only for what they ask for", async () => {
  await using receiver = new Receiver();
  await using folder = await TempFolder.create();
  const config = {
    notices: [{ on: ["failure"], webhookEnv: "ON_FAILURE" }, { on: ["success"], webhookEnv: "NOT_SET" }],
  };
  await Deno.writeTextFile(`${folder.path}/pgstrata.json`, JSON.stringify(config));
  const env = { ...ENV, ALL: receiver.url("/all"), ON_FAILURE: receiver.url("/failure") };
  const words = ["both", "--webhook-env", "ALL", "--webhook-form", "slack"];
  const { err } = await backup(words, ending({ prod: REFUSED }), { env, cwd: folder.path });
  assertEquals(receiver.received.map(({ path }) => path).toSorted(), ["/all", "/all", "/failure"]);
  const json = JSON.parse(receiver.received.find(({ path }) => path === "/failure")?.body ?? "");
  assertEquals([json.environment, json.status, json.exitCode], ["prod", "failed", 4]);
  assertEquals(json.error, "Cannot connect to prod.example.org: the password ******** is wrong");
  assertStringIncludes(receiver.received.find(({ path }) => path === "/all")?.body ?? "", '"text":"❌ backup of prod');
  assertStringIncludes(err.text(), "pgstrata.json wants a notice to NOT_SET, which is not set");
});

Deno.test("metrics tell when a backup of the environment was last read back", async () => {
  await using folder = await TempFolder.create();
  const shelf = `${folder.path}/backups`;
  const { id } = await putBackup(shelf, { environment: "prod" });
  await appendRecord(shelf, id, { kind: "verified", at: "2026-03-05T00:00:00.000Z", good: true, how: "full" });
  const words = ["prod", "--metrics-file", "x.prom"];
  const { code } = await backup(words, ending(), { cwd: folder.path, dir: shelf });
  assertEquals(code, 0);
  const samples = parseExposition(await Deno.readTextFile(`${folder.path}/x.prom`));
  const value = (name: string) => samples.find((sample) => sample.name === `pgstrata_backup_${name}`)?.value;
  assertEquals(value("verified_timestamp_seconds"), Date.parse("2026-03-05T00:00:00Z") / 1000);
  assertEquals(value("rows"), 101_212);
  assert(id !== backupId(fakeManifest({})), "another backup's record");
});

const options = (...words: string[]) =>
  parseOptions(words, NOTICE_OPTIONS).options as OptionValues<typeof NOTICE_OPTIONS>;

Deno.test("noticePlan() refuses a variable that is not set, and notes an address in the arguments", () => {
  assertThrows(
    () => noticePlan(options("--webhook-env", "X"), [], {}, "/"),
    PgstrataError,
    "X: the variable is not set",
  );
  const { warnings } = noticePlan(options("--webhook", "https://h.test", "--metrics-file", "x.txt"), [], {}, "/");
  assertStringIncludes(warnings[0] ?? "", "use --webhook-env NAME instead");
  assertStringIncludes(warnings[1] ?? "", "x.txt does not end in .prom");
});

Deno.test("--log-json writes one JSON object a line, with secrets masked and the outcome as an event", async () => {
  const err = fakeOutput({ isTerminal: true });
  const clock = { now: () => new Date("2026-03-01T00:00:00Z"), monotonic: () => 0 };
  const console = new JsonConsole({ stdout: fakeOutput(), stderr: err, clock });
  const { code } = await backup(["both"], ending({ prod: REFUSED }), { console });
  assertEquals(code, 4);
  const lines = err.text().trimEnd().split("\n").map((line) => JSON.parse(line));
  assert(
    lines.every(({ time, level }) =>
      time === "2026-03-01T00:00:00.000Z" && ["info", "warning", "error"].includes(level)
    ),
  );
  const error = lines.find(({ level }) => level === "error");
  assertEquals([error.error.code, error.error.exit], ["connection", 4]);
  assertEquals(error.message, "Cannot connect to prod.example.org: the password ******** is wrong");
  const events = lines.filter(({ event }) => event === "run_finished");
  assertEquals(events.map(({ environment, status }) => [environment, status]), [["prod", "failed"], [
    "staging",
    "complete",
  ]]);
  assertFalse(/hunter2|swordfish/.test(err.text()));
  assertFalse(err.text().includes("\u001b"), "nothing is drawn");
});

Deno.test("--log-json also holds for a command line that cannot be understood", async () => {
  const { code, stderr } = await runMain(["backup", "--log-json", "--nonsense"]);
  assertEquals(code, 2);
  const [line, ...rest] = stderr.trimEnd().split("\n");
  assertEquals(rest, []);
  assertEquals(JSON.parse(line ?? "").error.code, "usage");
});
