import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  METRIC_FAMILIES,
  metricsText,
  type RunOutcome,
  updateMetrics,
  writeMetricsFile,
} from "../../lib/notice/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { ensureProgram } from "../../scripts/test_programs.ts";
import { parseExposition } from "./exposition_parser.ts";
import { failedOutcome, fakeOutcome } from "./fake_outcome.ts";

const NOW = new Date("2026-03-01T02:02:00Z");
const at = (iso: string) => new Date(iso).getTime() / 1000;

async function written(outcomes: readonly RunOutcome[]): Promise<string> {
  await using folder = await TempFolder.create();
  const path = `${folder.path}/pgstrata.prom`;
  for (const outcome of outcomes) await writeMetricsFile(path, outcome, NOW);
  return await Deno.readTextFile(path);
}

function value(text: string, name: string, labels: Record<string, string>): number | undefined {
  return parseExposition(text).find((sample) =>
    sample.name === `pgstrata_backup_${name}` &&
    Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted)
  )?.value;
}

Deno.test("a run's metrics are valid and hold time, duration, bytes, rows, status and verification", async () => {
  const text = await written([fakeOutcome()]);
  const prod = { environment: "prod" };
  assertEquals(value(text, "last_success_timestamp_seconds", prod), at("2026-03-01T02:01:12Z"));
  assertEquals(value(text, "last_run_duration_seconds", prod), 72);
  assertEquals(value(text, "size_bytes", prod), 1_800_000_000);
  assertEquals(value(text, "rows", prod), 12_345);
  assertEquals(value(text, "last_run_status", { ...prod, status: "complete" }), 1);
  assertEquals(value(text, "last_run_status", { ...prod, status: "failed" }), 0);
  assertEquals(value(text, "verified_timestamp_seconds", prod), at("2026-02-28T02:00:00Z"));
  assertEquals(value(text, "drilled_timestamp_seconds", prod), undefined, "never is no time");
});

Deno.test("a failed run leaves the time and size of the last success as they were", async () => {
  const text = await written([fakeOutcome(), failedOutcome()]);
  const prod = { environment: "prod" };
  assertEquals(value(text, "last_success_timestamp_seconds", prod), at("2026-03-01T02:01:12Z"));
  assertEquals(value(text, "last_run_timestamp_seconds", prod), at("2026-03-02T02:00:03Z"));
  assertEquals(value(text, "last_run_exit_code", prod), 4);
  assertEquals(value(text, "last_run_status", { ...prod, status: "failed" }), 1);
  assertEquals(value(text, "size_bytes", prod), 1_800_000_000);
});

Deno.test("environments share a file: a run replaces only its own lines", async () => {
  const text = await written([
    fakeOutcome(),
    failedOutcome({ environment: "staging" }),
    fakeOutcome({ finishedAt: "2026-03-03T00:00:00Z" }),
  ]);
  assertEquals(value(text, "last_run_exit_code", { environment: "staging" }), 4);
  assertEquals(value(text, "last_success_timestamp_seconds", { environment: "staging" }), undefined);
  assertEquals(value(text, "last_success_timestamp_seconds", { environment: "prod" }), at("2026-03-03T00:00:00Z"));
});

Deno.test("label values with quotes, backslashes, braces and line breaks come back as they were", async () => {
  const environment = 'a"b\\c\nd}e,f="g"';
  const text = await written([fakeOutcome({ environment }), fakeOutcome(), failedOutcome({ environment })]);
  assertEquals(value(text, "last_run_exit_code", { environment }), 4);
  assertEquals(value(text, "rows", { environment }), 12_345);
});

Deno.test("writeMetricsFile() leaves a file that other users read, and nothing half written", async () => {
  await using folder = await TempFolder.create();
  const path = `${folder.path}/pgstrata.prom`;
  await writeMetricsFile(path, fakeOutcome(), NOW);
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o644);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).filter((name) => name.endsWith(".prom"));
  assertEquals(names, ["pgstrata.prom"]);
});

Deno.test("writeMetricsFile() keeps every environment when twelve runs end at once", async () => {
  await using folder = await TempFolder.create();
  const path = `${folder.path}/pgstrata.prom`;
  const names = Array.from({ length: 12 }, (_, index) => `env-${index}`);
  await Promise.all(names.map((environment) => writeMetricsFile(path, fakeOutcome({ environment }), NOW)));
  const samples = parseExposition(await Deno.readTextFile(path));
  assertEquals(new Set(samples.map(({ labels }) => labels["environment"])), new Set(names));
});

Deno.test("writeMetricsFile() leaves another program's file alone", async () => {
  await using folder = await TempFolder.create();
  const path = `${folder.path}/other.prom`;
  await Deno.writeTextFile(path, "node_load1 0.5\n");
  await assertRejects(() => writeMetricsFile(path, fakeOutcome(), NOW), Error, "written by another program");
  assertEquals(await Deno.readTextFile(path), "node_load1 0.5\n");
});

Deno.test("writeMetricsFile() makes no folder of its own", async () => {
  await assertRejects(
    () => writeMetricsFile("/nowhere/at/all/x.prom", fakeOutcome(), NOW),
    Error,
    "there is no folder /nowhere/at/all",
  );
});

for (
  const [what, text] of [
    ["a sample twice", 'a{x="1"} 1\na{x="1"} 2\n'],
    ["an unescaped quote", 'a{x="1"1"} 1\n'],
    ["a family that comes back", 'a{x="1"} 1\n# HELP b b\n# TYPE b gauge\nb 1\n# HELP a a\n# TYPE a gauge\na 3\n'],
    ["no value", 'a{x="1"} \n'],
  ] as const
) {
  Deno.test(`the tests' parser finds ${what}`, () => {
    assertThrows(() => parseExposition(`# HELP a a\n# TYPE a gauge\n${text}# EOF\n`));
  });
}

Deno.test("promtool finds nothing to say about the metrics (Debian's package prometheus)", async () => {
  const { path, env } = await ensureProgram("promtool");
  const check = (stdin: string) => processText({ program: path, args: ["check", "metrics"], stdin, env });
  const text = metricsText(METRIC_FAMILIES, [
    ...updateMetrics([], fakeOutcome({ drilledAt: "2026-01-01T00:00:00Z" })),
    ...updateMetrics([], failedOutcome({ environment: 'st"aging' })),
  ]);
  assertEquals(await check(text), "");
  await assertRejects(() => check(`${text}a{ 1\n`));
  assert(text.includes("# EOF"));
});
