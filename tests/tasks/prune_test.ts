import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { appendFailedRun, appendRecord, environmentLock, linkOrCopy, readShelf } from "../../lib/catalog/mod.ts";
import { FileLock, TempFolder } from "../../lib/system/mod.ts";
import { PRUNE_OPTIONS } from "../../tasks/commands/prune.ts";
import { run } from "../../tasks/prune.ts";
import { putBackup, putFile } from "../catalog/fixtures.ts";
import { mainArguments, passedOn, runMain } from "./run_main.ts";
import { NOW, runOnShelf, treeOf } from "./shelf_run.ts";

const prune = (line: string, shelf: string, given = {}) => runOnShelf(run, PRUNE_OPTIONS, line, shelf, given);

const day = (number: number) => new Date(Date.UTC(2026, 4, number, 2));
const name = (number: number, environment = "prod") => `202605${String(number).padStart(2, "0")}_020000_${environment}`;

/** A shelf with a backup of each of the first days of May. */
async function mayShelf(
  days: number,
  environment: string = "prod",
  shelf: TempFolder | null = null,
): Promise<TempFolder> {
  const folder = shelf ?? await TempFolder.create();
  for (let number = 1; number <= days; number++) await putBackup(folder.path, { time: day(number), environment });
  return folder;
}

/** Folders on a shelf, hidden ones apart. */
const folders = (shelf: string) =>
  [...Deno.readDirSync(shelf)].map((entry) => entry.name).filter((one) => !one.startsWith(".")).sort();

Deno.test("prune prints the plan, every rule in it, and changes nothing", async () => {
  await using shelf = await mayShelf(7);
  const before = treeOf(shelf.path).filter((line) => !line.includes(".pgstrata"));
  const { code, out, err } = await prune("", shelf.path, { terminal: true });
  assertEquals(code, 0);
  const lines = out.text().split("\n").map((line) => line.replaceAll(/\d+ k?B/g, "SIZE"));
  assertEquals(lines, [
    "KEEP (5)",
    `  ${name(7)}  SIZE  the newest complete one; among the last 5`,
    ...[6, 5, 4, 3].map((number) => `  ${name(number)}  SIZE  among the last 5`),
    "",
    "REMOVE (2)",
    `  ${name(2)}  SIZE  not among the last 5`,
    `  ${name(1)}  SIZE  not among the last 5`,
    "",
    "2 folders of 7: SIZE come free, SIZE remain on the shelf",
    "",
  ]);
  assertEquals(err.text(), "Nothing was changed. To do it, add --apply\n");
  assertEquals(treeOf(shelf.path).filter((line) => !line.includes(".pgstrata")), before);
});

Deno.test("prune --apply removes exactly what the plan said", async () => {
  await using shelf = await mayShelf(7);
  const planned = JSON.parse((await prune("", shelf.path, { json: true })).out.text());
  const going = planned.decisions.filter(({ action }: { action: string }) => action === "remove")
    .map(({ path }: { path: string }) => path).sort();
  const all = folders(shelf.path);
  const { code, out, err } = await prune("--apply", shelf.path);
  assertEquals(code, 0);
  assertStringIncludes(out.text(), "REMOVE (2)");
  assertEquals(err.text(), `removed ${name(1)}\nremoved ${name(2)}\n2 folders removed\n`);
  assertEquals(folders(shelf.path), all.filter((path) => !going.includes(path)));
  const again = await prune("--apply", shelf.path);
  assertEquals([again.code, again.err.text()], [0, ""]);
  assertStringIncludes(again.out.text(), "Nothing to remove; the shelf takes ");
});

Deno.test("prune agrees with the runbook's command", async () => {
  await using shelf = await mayShelf(9);
  for (let number = 1; number <= 9; number++) {
    await Deno.utime(join(shelf.path, name(number)), day(number), day(number));
  }
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", "ls -1dt *_prod | tail -n +6"],
    cwd: shelf.path,
  }).output();
  const { removed } = JSON.parse((await prune("prod --apply", shelf.path, { json: true })).out.text());
  assertEquals(removed.toReversed(), new TextDecoder().decode(stdout).trim().split("\n"));
});

Deno.test("prune --json is one document, planned or done", async () => {
  await using shelf = await mayShelf(3);
  await putFile(join(shelf.path, "20200101_000000_prod/db_full.dump"), "PGDMP");
  const { out } = await prune("--keep-last 1 --apply", shelf.path, { json: true });
  const { decisions, freedBytes, remainingBytes, ...document } = JSON.parse(out.text());
  assertEquals(document, {
    version: 1,
    command: "prune",
    at: NOW.toISOString(),
    shelf: shelf.path,
    applied: true,
    policy: { rules: [{ label: "pre-upgrade*", keepLast: 2 }, { keepLast: 1 }], maxBytes: null, smallestShare: 0.5 },
    refusals: [],
    overCap: false,
    removed: [name(1), name(2)],
    skipped: [],
    errors: [],
  });
  assertEquals(decisions.map(({ action, path }: Record<string, string>) => [action, path]), [
    ["keep", name(3)],
    ["remove", name(2)],
    ["remove", name(1)],
    ["keep", "20200101_000000_prod"],
  ]);
  assertEquals(decisions[1].reason, "not among the last 1");
  assertEquals(decisions[1].environment, "prod");
  const { usage } = await readShelf(shelf.path);
  assertEquals(usage.real, remainingBytes);
  assert(freedBytes > 0);
});

Deno.test("prune of one environment leaves the others alone", async () => {
  await using shelf = await mayShelf(3, "staging", await mayShelf(3));
  await prune("prod --keep-last 1 --apply", shelf.path);
  assertEquals(folders(shelf.path), [name(1, "staging"), name(2, "staging"), name(3), name(3, "staging")].sort());
  const error = await assertRejects(() => prune("prdo", shelf.path), PgstrataError);
  assertEquals(error.code, "usage");
  assertStringIncludes(error.message, "there is no backup of prdo");
});

Deno.test("prune refuses, with exit code 7 and the reason, and still prunes the other environments", async () => {
  await using shelf = await mayShelf(3, "staging", await mayShelf(3));
  await putBackup(shelf.path, { time: day(4), status: "incomplete" });
  const { code, err } = await prune("--keep-last 1 --apply", shelf.path);
  assertEquals(code, 7);
  assertStringIncludes(err.text(), `error: Cannot prune prod: the newest, ${name(4)}, is incomplete\nhint: `);
  assertEquals(folders(shelf.path), [name(1), name(2), name(3), name(4), name(3, "staging")].sort());
  const { out } = await prune("prod", shelf.path, { json: true });
  const document = JSON.parse(out.text());
  assertEquals(document.refusals[0].cause, "incomplete");
  assertEquals(document.errors[0].exit, 7);
});

const REFUSALS: readonly (readonly [string, (shelf: string) => Promise<unknown>])[] = [
  ["the run of 20260504_020000 failed", (shelf) =>
    appendFailedRun(shelf, {
      environment: "prod",
      startedAt: day(4).toISOString(),
      at: day(4).toISOString(),
      reason: "x",
    })],
  ["is damaged", async (shelf) => {
    const { id } = await putBackup(shelf, { time: day(4) });
    await appendRecord(shelf, id, { kind: "verified", at: day(4).toISOString(), good: false, how: "x" });
  }],
  ["holds no tables", (shelf) => putBackup(shelf, { time: day(4), tables: 0 })],
  ["holds 80 B of data, the one before 200 B", (shelf) => putBackup(shelf, { time: day(4), tableBytes: 40 })],
  [`${name(4)} cannot be read`, (shelf) => putFile(join(shelf, `${name(4)}/manifest.json`), "{")],
  ["the run of 20260504_020000 failed", (shelf) => putFile(join(shelf, `${name(4)}.partial/x`), "x")],
];

for (const [reason, happen] of REFUSALS) {
  Deno.test(`prune refuses when ${reason}`, async () => {
    await using shelf = await mayShelf(3);
    await happen(shelf.path);
    const before = folders(shelf.path);
    const { code, err } = await prune("--keep-last 1 --apply", shelf.path);
    assertEquals([code, folders(shelf.path)], [7, before]);
    assertStringIncludes(err.text(), reason);
  });
}

Deno.test("prune follows pgstrata.json, and --config", async () => {
  await using shelf = await mayShelf(4);
  await putFile(join(shelf.path, "pgstrata.json"), `{"retention": {"rules": [{"keepLast": 2}]}}`);
  await putFile(join(shelf.path, ".other.json"), `{"retention": {"rules": [{"keepLast": 1}], "smallestShare": 0}}`);
  const count = async (given: { config?: string; env?: Record<string, string> }) =>
    JSON.parse((await prune("", shelf.path, { json: true, ...given })).out.text()).decisions
      .filter(({ action }: { action: string }) => action === "remove").length;
  assertEquals(await count({}), 2);
  assertEquals(await count({ config: ".other.json" }), 3);
  assertEquals(await count({ env: { PGSTRATA_CONFIG: ".other.json" } }), 3);
});

Deno.test("prune says what a mistake in pgstrata.json is, and touches nothing", async () => {
  await using shelf = await mayShelf(4);
  await putFile(join(shelf.path, "pgstrata.json"), `{"retention": {"keepLast": 2}}`);
  const error = await assertRejects(() => prune("--apply", shelf.path), PgstrataError);
  assertEquals(error.code, "usage");
  assertStringIncludes(error.message, "retention.keepLast is unknown");
  const missing = await assertRejects(() => prune("", shelf.path, { config: "no.json" }), PgstrataError);
  assertEquals(missing.message, "Cannot read no.json: there is no such file");
  assertEquals(folders(shelf.path).length, 5);
});

Deno.test("prune warns of what it could not remove and of a shelf that stays too large", async () => {
  await using shelf = await mayShelf(3);
  using _running = await FileLock.take(environmentLock(shelf.path, "prod"), NOW) as FileLock;
  const { code, err } = await prune("--keep-last 2 --max-size 1KB --apply", shelf.path);
  assertEquals(code, 0);
  assertStringIncludes(err.text(), `warning: ${name(1)} was not removed: a backup of prod is running\n`);
  assertStringIncludes(err.text(), "where 1 kB are allowed");
  assertEquals(folders(shelf.path).length, 3);
});

Deno.test("prune counts what is linked to a backup that stays as not freed", async () => {
  await using shelf = await mayShelf(2);
  const path = "shared.bin";
  await putFile(join(shelf.path, name(1), path), "x".repeat(500_000));
  await linkOrCopy(join(shelf.path, name(1), path), join(shelf.path, name(2), path));
  const { freedBytes } = JSON.parse((await prune("--keep-last 1 --apply", shelf.path, { json: true })).out.text());
  assert(freedBytes < 500_000);
  assertEquals((await Deno.stat(join(shelf.path, name(2), path))).size, 500_000);
});

Deno.test("prune from the command line: dry run, --apply, exit codes", async () => {
  await using shelf = await mayShelf(7);
  const main = (...args: string[]) => runMain(["prune", "--dir", shelf.path, ...args], { cwd: shelf.path });
  const dry = await main();
  assertEquals([dry.code, folders(shelf.path).length], [0, 7]);
  assertStringIncludes(dry.stdout, "REMOVE (2)");
  assertStringIncludes((await main("--quiet")).stdout, "REMOVE (2)");
  assertEquals(await main("--apply", "--quiet"), { code: 0, stdout: "", stderr: "" });
  assertEquals(folders(shelf.path), [3, 4, 5, 6, 7].map((number) => name(number)));
  await putBackup(shelf.path, { time: day(8), status: "incomplete" });
  assertEquals((await main("--apply")).code, 7);
  assertEquals((await main("--keep-last", "0")).code, 2);
});

Deno.test("prune --apply makes room on a disk on which nothing more can be written", async () => {
  await using shelf = await mayShelf(7);
  const { code, stderr } = await new Deno.Command("bash", {
    args: [
      "-c",
      'ulimit -f 0; trap "" XFSZ; exec "$@"',
      "sh",
      Deno.execPath(),
      ...mainArguments(["prune", "--apply", "--dir", shelf.path]),
    ],
    env: passedOn(),
    clearEnv: true,
    stdin: "null",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertEquals(folders(shelf.path), [3, 4, 5, 6, 7].map((number) => name(number)));
});
