import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { readRecords } from "../../lib/catalog/mod.ts";
import {
  type Comparison,
  DIFFERENCE_CATEGORIES,
  type drillBackup,
  type DrillOptions,
  type DrillReport,
  type TierDrill,
  verifyBackup,
} from "../../lib/verify/mod.ts";
import { VERIFY_OPTIONS } from "../../tasks/commands/verify.ts";
import { run } from "../../tasks/verify.ts";
import { testServer } from "../../scripts/test_server.ts";
import { copyOf, makeBackup, SMALL_DATABASE } from "../verify/verify_fixture.ts";
import { fakeContext } from "./fake_context.ts";
import { parseOptions } from "../../tasks/parse.ts";
import type { Invocation, TaskContext } from "../../tasks/command.ts";
import { CLOCK, treeOf } from "./shelf_run.ts";

const server = await testServer();
const original = await makeBackup((await server.createDatabase({ sql: SMALL_DATABASE })).url, server.tools);

/** A copy of the backup on a shelf of its own. */
async function backupOnShelf(): Promise<{ shelf: string; folder: string }> {
  const folder = await copyOf(original.folder);
  return { shelf: dirname(folder), folder };
}

const EQUAL: Comparison = {
  equal: true,
  differences: [],
  notCompared: [],
  compared: Object.fromEntries(DIFFERENCE_CATEGORIES.map((category) => [category, 4])) as Comparison["compared"],
  rows: 502,
  bytes: 9000,
  normalised: 0,
};

/** A drill that ends at once as told, and notes what it was asked. */
function ending(tier: Partial<TierDrill>, asked: DrillOptions[] = []): typeof drillBackup {
  return (options, { onEvent }) => {
    asked.push(options);
    onEvent({ type: "phase", phase: "restore", tier: "full" });
    const one: TierDrill = {
      tier: "full",
      state: "good",
      coverage: 1,
      comparison: EQUAL,
      errors: [],
      leftOut: [],
      durations: { restore: 1200, compare: 400 },
      ...tier,
    };
    const report: DrillReport = {
      state: one.state,
      coverage: one.coverage,
      server: { version: "15.18", disposable: true },
      warnings: [],
      tiers: [one],
      duration: 2000,
    };
    return Promise.resolve(report);
  };
}

async function verify(
  line: string,
  shelf: string,
  drill = ending({}),
  given: Partial<TaskContext> & { quiet?: boolean } = {},
) {
  const context = fakeContext({ dir: shelf, cwd: shelf, env: { PGSTRATA_PG_BIN: server.tools.folder }, ...given });
  const words = line.split(" ").filter((word) => word !== "");
  const invocation = parseOptions(words, VERIFY_OPTIONS) as Invocation<typeof VERIFY_OPTIONS>;
  const inThread: typeof verifyBackup = (folder, deps) => verifyBackup(folder, { ...deps, workers: 0 });
  const code = await run(invocation, context, { clock: CLOCK, verify: inThread, drill });
  return { ...context, code };
}

Deno.test("verify says what it read, notes it beside the backup, and changes nothing in it", async () => {
  const { shelf, folder } = await backupOnShelf();
  const before = treeOf(folder);
  const { code, out, err } = await verify("", shelf);
  assertEquals(code, 0);
  assertEquals(err.text(), "Verifying backup\n");
  assertEquals(
    out.text().replace(/[\d.]+ kB/, "SIZE"),
    "backup verified: 20 files, SIZE, 3 archives read, rows of 4 tables checked in 0.0s\n",
  );
  assertEquals(treeOf(folder), before);
  const [name = ""] = [...Deno.readDirSync(join(shelf, ".pgstrata/records"))].map((entry) => entry.name);
  const records = await readRecords(shelf, name.replace(/\.jsonl$/, ""));
  assertEquals(records, [{
    kind: "verified",
    at: CLOCK.now().toISOString(),
    good: true,
    how: "20 files, 3 archives, rows of 4 tables",
  }]);
});

Deno.test("verify ends with 3 and names what is damaged and where", async () => {
  const { shelf, folder } = await backupOnShelf();
  await Deno.truncate(join(folder, "db_full.dump"), 9000);
  const { code, out } = await verify("backup", shelf);
  assertEquals(code, 3);
  assertStringIncludes(out.text(), "backup DAMAGED: ");
  assertStringIncludes(out.text(), "\nDAMAGED (2)\n");
  assert(/ {2}db_full\.dump +byte 9 000 +/.test(out.text()), out.text());
});

Deno.test("verify looks into a backup whose manifest is damaged", async () => {
  const { shelf, folder } = await backupOnShelf();
  await Deno.writeTextFile(join(folder, "manifest.json"), "{");
  const { code, out } = await verify(folder, shelf);
  assertEquals(code, 3);
  assertStringIncludes(out.text(), "manifest.json");
});

Deno.test("verify --drill hands on what was asked, shows a table and notes the result", async () => {
  const { shelf } = await backupOnShelf();
  const asked: DrillOptions[] = [];
  const { code, out, err } = await verify("latest --drill --tier all -j 3", shelf, ending({}, asked));
  assertEquals(code, 0);
  assertEquals([asked[0]?.tiers, asked[0]?.jobs, asked[0]?.target], [["full", "schema", "table"], 3, null]);
  assertStringIncludes(err.text(), "drill: restoring the full tier\n");
  assertStringIncludes(
    out.text(),
    "Drill of backup good: all that was restored is equal (a disposable server, PostgreSQL 15.18, 2.0s)",
  );
  assertStringIncludes(out.text(), "  full  good       100 %");
  const [name = ""] = [...Deno.readDirSync(join(shelf, ".pgstrata/records"))].map((entry) => entry.name);
  const records = await readRecords(shelf, name.replace(/\.jsonl$/, ""));
  assertEquals(records[1], {
    kind: "drilled",
    at: CLOCK.now().toISOString(),
    good: true,
    coverage: 1,
    how: "full good, PostgreSQL 15.18",
  });
});

Deno.test("verify --drill ends with 3 when anything differs, and says what, widened access first of all words", async () => {
  const { shelf } = await backupOnShelf();
  const differences = [
    {
      category: "privilege",
      kind: "widened",
      object: "TABLE app.orders",
      detail: "gives more access: SELECT to PUBLIC",
      expected: null,
      found: null,
    },
    {
      category: "rows",
      kind: "changed",
      object: "TABLE app.lines",
      detail: "199 rows instead of 200",
      expected: null,
      found: null,
    },
  ] as const;
  const comparison = { ...EQUAL, equal: false, differences };
  const { code, out } = await verify("--drill", shelf, ending({ state: "different", comparison }));
  assertEquals(code, 3);
  assertStringIncludes(out.text(), "FAILED: what was restored differs");
  assertStringIncludes(out.text(), "  WIDENED  TABLE app.orders  gives more access: SELECT to PUBLIC\n");
  assertStringIncludes(out.text(), "  rows     TABLE app.lines   199 rows instead of 200\n");
});

Deno.test("a partial drill ends with 0, with --strict with 3, and is never called whole", async () => {
  const { shelf } = await backupOnShelf();
  const leftOut = [{ object: "EXTENSION vault", message: "extension vault is not installed on this machine" }];
  const partial = ending({ state: "partial", coverage: 0.99999, leftOut });
  const { code, out } = await verify("--drill", shelf, partial);
  assertEquals(code, 0);
  assertStringIncludes(out.text(), "PARTIAL: what could be restored here is equal");
  assertStringIncludes(out.text(), "99.9 %");
  assertStringIncludes(out.text(), "  - EXTENSION vault: extension vault is not installed on this machine");
  assertEquals((await verify("--drill --strict", shelf, partial)).code, 3);
});

Deno.test("a damaged backup is not drilled", async () => {
  const { shelf, folder } = await backupOnShelf();
  await Deno.remove(join(folder, "roles.sql"));
  const asked: DrillOptions[] = [];
  const { code, err } = await verify("--drill", shelf, ending({}, asked));
  assertEquals([code, asked.length], [3, 0]);
  assertStringIncludes(err.text(), "warning: a damaged backup is not drilled");
});

Deno.test("verify --json is one document with findings and drill", async () => {
  const { shelf, folder } = await backupOnShelf();
  const { out } = await verify("--drill", shelf, ending({}), { json: true });
  const document = JSON.parse(out.text());
  assertEquals([document.version, document.command, document.backup.folder], [1, "verify", folder]);
  assertEquals([document.verify.good, document.verify.findings, document.verify.tables], [true, [], 4]);
  assertEquals([document.drill.state, document.drill.tiers[0].comparison.equal], ["good", true]);
  assertEquals(document.errors, []);
});

Deno.test("verify --quiet says nothing of a good backup", async () => {
  const { shelf } = await backupOnShelf();
  const { out, err } = await verify("", shelf, ending({}), { quiet: true });
  assertEquals([out.text(), err.text()], ["", ""]);
});

Deno.test("verify refuses options that make no sense together", async () => {
  const { shelf } = await backupOnShelf();
  for (
    const [line, message] of [
      ["--strict", "Cannot use --strict: it belongs to --drill"],
      ["--to postgresql://u@h/d", "Cannot use --to: it belongs to --drill"],
      ["--tier all", "Cannot use --tier: it belongs to --drill"],
      ["backup --env prod", "Cannot verify: both a backup and --env are given"],
      ["--env prod", "Cannot find the latest backup of prod"],
    ] as const
  ) {
    const error = await assertRejects(() => verify(line, shelf), PgstrataError, message);
    assertEquals(error.code, "usage");
  }
});

Deno.test("verify --drill --to hands the database on, and shows no password", async () => {
  const { shelf } = await backupOnShelf();
  const asked: DrillOptions[] = [];
  const loud: typeof drillBackup = (options, deps) => {
    deps.onEvent({ type: "notice", message: `restoring into ${options.target?.password?.reveal()}` });
    return ending({}, asked)(options, deps);
  };
  const { out, err } = await verify("--drill --to postgresql://u:correct-horse@h.example/d", shelf, loud);
  assertEquals([asked[0]?.target?.database, asked[0]?.target?.hosts[0]?.host], ["d", "h.example"]);
  assert(!(out.text() + err.text()).includes("correct-horse"));
});
