import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Manifest } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { run, type RunBackup } from "../../tasks/backup.ts";
import type { Invocation, TaskContext } from "../../tasks/command.ts";
import { BACKUP_OPTIONS } from "../../tasks/commands/backup.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { manifestOf, putBackup, putFile } from "../catalog/fixtures.ts";
import { type FakeContext, fakeContext } from "./fake_context.ts";
import { runMain } from "./run_main.ts";

const ENV = {
  DATABASE_URL_PROD: "postgresql://u:secret-one@prod.example.org/shop",
  DATABASE_URL_STAGING: "postgresql://u:secret-two@staging.example.org/shop",
};

/** A backup that is on the shelf at once, as the environment's entry says. */
function sealing(status: Readonly<Record<string, Manifest["status"] | "fails">> = {}): RunBackup {
  return async ({ target: { environment }, shelf }) => {
    const how = status[environment] ?? "complete";
    if (how === "fails") throw new Error("the server went away");
    const facts = { environment, time: new Date("2026-06-01T02:00:00Z"), status: how };
    const { folder } = await putBackup(shelf, facts);
    return { folder, manifest: manifestOf(facts) };
  };
}

async function backup(
  line: string,
  shelf: string,
  makeBackup: RunBackup,
  given: Partial<TaskContext> & { quiet?: boolean } = {},
): Promise<FakeContext & { readonly code: number }> {
  const context = fakeContext({ env: ENV, dir: shelf, cwd: shelf, ...given });
  const invocation = parseOptions(line.split(" "), BACKUP_OPTIONS) as Invocation<typeof BACKUP_OPTIONS>;
  return { ...context, code: await run(invocation, context, makeBackup) };
}

/** Six older backups of prod and of staging. */
async function olderShelf(): Promise<TempFolder> {
  const shelf = await TempFolder.create();
  for (const environment of ["prod", "staging"]) {
    for (let day = 1; day <= 6; day++) {
      await putBackup(shelf.path, { environment, time: new Date(Date.UTC(2026, 4, day)) });
    }
  }
  return shelf;
}

const count = (shelf: string, environment: string) =>
  [...Deno.readDirSync(shelf)].filter(({ name }) => name.endsWith(`_${environment}`)).length;

Deno.test("backup --prune removes old backups of the environment it backed up, after that", async () => {
  await using shelf = await olderShelf();
  const { code, err } = await backup("prod --prune", shelf.path, sealing());
  assertEquals([code, count(shelf.path, "prod"), count(shelf.path, "staging")], [0, 5, 6]);
  assertMatch(
    err.text(),
    /removed 20260501_000000_prod\nremoved 20260502_000000_prod\n2 old folders removed, .* freed/,
  );
});

Deno.test("backup without --prune removes nothing", async () => {
  await using shelf = await olderShelf();
  await backup("prod", shelf.path, sealing());
  assertEquals(count(shelf.path, "prod"), 7);
});

Deno.test("backup --prune refuses with 7 when the new backup has shrunk, and with 3 when it is incomplete", async () => {
  await using shelf = await olderShelf();
  await putFile(join(shelf.path, "pgstrata.json"), `{"retention": {"smallestShare": 1}}`);
  await putBackup(shelf.path, { time: new Date("2026-05-20T00:00:00Z"), tableBytes: 101 });
  const shrunken = await backup("prod --prune", shelf.path, sealing());
  assertEquals([shrunken.code, count(shelf.path, "prod")], [7, 8]);
  assertStringIncludes(shrunken.err.text(), "error: Cannot prune prod: the newest, 20260601_020000_prod, holds 200 B");
  const incomplete = await backup("staging --prune", shelf.path, sealing({ staging: "incomplete" }));
  assertEquals([incomplete.code, count(shelf.path, "staging")], [3, 7]);
});

Deno.test("backup both --prune prunes what was backed up, and nothing of what failed", async () => {
  await using shelf = await olderShelf();
  const { code } = await backup("both --prune", shelf.path, sealing({ prod: "fails" }));
  assertEquals([code, count(shelf.path, "prod"), count(shelf.path, "staging")], [1, 6, 5]);
});

Deno.test("backup --prune --json holds the plan that was done", async () => {
  await using shelf = await olderShelf();
  const { out } = await backup("prod --prune", shelf.path, sealing(), { json: true });
  const { prune, backups } = JSON.parse(out.text());
  assertEquals(backups.length, 1);
  assertEquals([prune.applied, prune.removed], [true, ["20260501_000000_prod", "20260502_000000_prod"]]);
});

for (const major of testedMajors()) {
  const server = await testServer(major);

  Deno.test(`backup --dedup --prune with pgstrata.json, from the command line, on ${major}`, async () => {
    const database = await server.createDatabase("empty");
    await database.psql(
      "CREATE TABLE public.t AS SELECT id, md5(id::text) AS a FROM generate_series(1, 40000) AS id; " +
        "CREATE SCHEMA scratch; CREATE TABLE scratch.s AS SELECT 1 AS x",
    );
    await using folder = await TempFolder.create();
    await putFile(
      join(folder.path, "pgstrata.json"),
      JSON.stringify({ excludedSchemas: ["scratch"], retention: { rules: [{ keepLast: 2 }] } }),
    );
    const env = { DATABASE_URL_PROD: database.url, PGSTRATA_PG_BIN: server.tools.folder };
    const shelf = join(folder.path, "backups");
    const made: string[] = [];
    for (let round = 0; round < 3; round++) {
      const result = await runMain(["backup", "prod", "--dedup", "--prune", "--json"], { cwd: folder.path, env });
      assertEquals(result.code, 0, result.stderr);
      made.push(JSON.parse(result.stdout).backups[0].folder.split("/").at(-1));
    }
    const list = JSON.parse((await runMain(["list", "--json"], { cwd: folder.path, env })).stdout);
    assertEquals(list.backups.map(({ path }: { path: string }) => path), made.slice(1).toReversed());
    const [newest, older] = list.backups;
    assertLess(newest.size.real, older.size.real * 0.05 + 16_000);
    const show = JSON.parse((await runMain(["show", "latest:prod", "--json"], { cwd: folder.path, env })).stdout);
    assert(![...Deno.readDirSync(join(shelf, newest.path))].some(({ name }) => name === "scratch"));
    const left = show.omissions.filter(({ object }: { object: string }) => object.startsWith("scratch"));
    assert(left.length > 0);
    for (const { severity } of left) assertEquals(severity, "excluded");
  });
}
