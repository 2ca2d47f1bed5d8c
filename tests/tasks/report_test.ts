import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { appendFailedRun } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { REPORT_OPTIONS } from "../../tasks/commands/report.ts";
import type { Invocation, TaskContext } from "../../tasks/command.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { run } from "../../tasks/report.ts";
import { putBackup, putFile } from "../catalog/fixtures.ts";
import { type FakeContext, fakeContext } from "./fake_context.ts";

const NOW = new Date("2026-03-10T12:00:00Z");

async function report(line: string, given: Partial<TaskContext>): Promise<FakeContext & { readonly code: number }> {
  const context = fakeContext(given);
  const words = line.split(" ").filter((word) => word !== "");
  const invocation = parseOptions(words, REPORT_OPTIONS) as Invocation<typeof REPORT_OPTIONS>;
  return { ...context, code: await run(invocation, context, { clock: { now: () => NOW, monotonic: () => 0 } }) };
}

async function withShelf(use: (shelf: string) => Promise<void>): Promise<void> {
  await using folder = await TempFolder.create();
  for (const day of [3, 4, 5, 8, 9]) {
    await putBackup(folder.path, { time: new Date(`2026-03-0${day}T02:00:00Z`), tableBytes: 1000 * day });
  }
  await putBackup(folder.path, { environment: "staging", time: new Date("2026-03-09T03:00:00Z") });
  await appendFailedRun(folder.path, {
    environment: "prod",
    startedAt: "2026-03-06T02:00:00.000Z",
    at: "2026-03-06T02:01:00.000Z",
    reason: "the disk was full",
  });
  await use(folder.path);
}

Deno.test("report writes one private page on the shelf and prints where", async () => {
  await withShelf(async (shelf) => {
    const { code, out, err } = await report("", { dir: shelf, cwd: shelf });
    assertEquals([code, out.text()], [0, `${join(shelf, "report.html")}\n`]);
    assertEquals(err.text(), "");
    const page = await Deno.readTextFile(join(shelf, "report.html"));
    for (
      const text of [
        "No backup on these days",
        "6 Mar 2026 – 7 Mar 2026 (2 days)",
        "the disk was full",
        'data-environment="staging"',
      ]
    ) {
      assertStringIncludes(page, text);
    }
    assertEquals(((await Deno.stat(join(shelf, "report.html"))).mode ?? 0) & 0o777, 0o600);
    const again = await report("", { dir: shelf, cwd: shelf });
    assertEquals(again.code, 0, "a page that is there is replaced, and is no backup");
  });
});

Deno.test("report takes one environment, another place, and prints JSON about it", async () => {
  await withShelf(async (shelf) => {
    const { out } = await report("staging --output page.html --no-difference", { dir: shelf, cwd: shelf, json: true });
    const document = JSON.parse(out.text());
    const { size } = await Deno.stat(join(shelf, "page.html"));
    assertEquals(document, {
      version: 1,
      command: "report",
      at: NOW.toISOString(),
      shelf,
      file: join(shelf, "page.html"),
      bytes: size,
      environments: ["staging"],
      errors: [],
    });
    const contracts = await Deno.readTextFile(new URL("../../docs/contracts.md", import.meta.url));
    for (const key of Object.keys(document)) assertStringIncludes(contracts, `\`${key}\``);
    const page = await report("prod -o -", { dir: shelf, cwd: shelf });
    assert(page.out.text().trimStart().toLowerCase().startsWith("<!doctype html>"));
    assert(!page.out.text().includes('data-environment="staging"'));
  });
});

Deno.test("report goes on without what it cannot read, and says so", async () => {
  await withShelf(async (shelf) => {
    await putFile(join(shelf, "20260310_020000_prod", "manifest.json"), "{ damaged");
    const { code } = await report("prod", { dir: shelf, cwd: shelf });
    assertEquals(code, 0);
    const page = await Deno.readTextFile(join(shelf, "report.html"));
    assertStringIncludes(page, "unreadable");
    assertStringIncludes(page, "definitions and sequences are not compared");
  });
});

Deno.test("report refuses what it cannot do", async () => {
  await withShelf(async (shelf) => {
    const cases: readonly (readonly [line: string, message: string])[] = [
      ["dev", `Cannot draw a report: there is no backup of dev in ${shelf}; there are backups of prod, staging`],
      ["prod --env staging", "Cannot choose an environment: it is given twice, prod and staging"],
      ["-o nowhere/page.html", `Cannot write ${join(shelf, "nowhere/page.html")}: there is no such folder`],
    ];
    for (const [line, message] of cases) {
      const error = await assertRejects(() => report(line, { dir: shelf, cwd: shelf }), PgstrataError);
      assertEquals([error.code, error.message], ["usage", message]);
    }
  });
});
