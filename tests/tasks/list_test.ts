import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { appendRecord, summarize } from "../../lib/catalog/mod.ts";
import { PUBLIC_FILE, publicPartText } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { LIST_OPTIONS } from "../../tasks/commands/list.ts";
import { run } from "../../tasks/list.ts";
import { manifestOf, putBackup, putFile } from "../catalog/fixtures.ts";
import { NOW, runOnShelf, treeOf } from "./shelf_run.ts";

const list = (line: string, shelf: string, given = {}) => runOnShelf(run, LIST_OPTIONS, line, shelf, given);

/** Two backups of two environments, an unfinished one, one of an older way. */
async function filled(): Promise<TempFolder> {
  const shelf = await TempFolder.create();
  const first = await putBackup(shelf.path, { time: new Date("2026-06-12T02:00:00Z"), tables: 3 });
  await putBackup(shelf.path, { time: new Date("2026-06-14T02:00:00Z"), environment: "eu_west", label: "weekly" });
  await putFile(join(shelf.path, "20260610_020000_prod.partial/db_full.dump"), "PGDMP");
  await putFile(join(shelf.path, "20250101_020000_prod/db_full.dump"), "PGDMP");
  await appendRecord(shelf.path, first.id, { kind: "verified", at: "2026-06-13T12:00:00Z", good: true, how: "all" });
  return shelf;
}

/** The cells of a printed table, by line; columns are at least two spaces apart. */
function cells(text: string): string[][] {
  return text.split("\n\n")[0]?.split("\n").map((line) => line.split(/ {2,}/)) ?? [];
}

Deno.test("list prints the shelf to standard output, and nothing else", async () => {
  await using shelf = await filled();
  const { code, out, err } = await list("", shelf.path, { terminal: true });
  assertEquals([code, err.text()], [0, ""]);
  const [titles, ...rows] = cells(out.text());
  assertEquals(titles?.slice(0, 3), ["BACKUP", "AGE", "STATE"]);
  assertEquals(rows.map((row) => row.slice(0, 3)), [
    ["20260614_020000_eu-west_weekly", "34h", "complete"],
    ["20260612_020000_prod", "3d", "complete"],
    ["20260610_020000_prod.partial", "5d", "partial"],
    ["20250101_020000_prod", "17mo", "foreign"],
  ]);
  assertEquals(rows.map((row) => row.at(-1)?.replace(/^\d+ (k?B)$/, "size")), ["never", "2d ago", "size", "size"]);
  // How long the folder's name is decides where the line is broken.
  const words = out.text().replaceAll(/\s+/g, " ");
  assert(words.includes(` 2 backups and 2 other folders in ${shelf.path}: `), words);
  assert(out.text().split("\n").slice(0, 5).every((line) => line.length <= 80));
});

Deno.test("list leaves nothing out where it does not go to a terminal", async () => {
  await using shelf = await filled();
  const [titles] = cells((await list("", shelf.path)).out.text());
  for (const title of ["TIME (UTC)", "ENVIRONMENT", "LABEL", "SERVER", "FULL", "SCHEMA", "TABLE", "NOTES"]) {
    assert(titles?.includes(title), title);
  }
});

for (const line of ["prod", "--env prod", "both"]) {
  Deno.test(`list ${line} shows prod alone`, async () => {
    await using shelf = await filled();
    const { out } = await list(line, shelf.path);
    assertEquals(cells(out.text()).slice(1).map((row) => row[0]), [
      "20260612_020000_prod",
      "20260610_020000_prod.partial",
      "20250101_020000_prod",
    ]);
  });
}

Deno.test("list knows an environment by its true name and by that in folders, and says when there is none", async () => {
  await using shelf = await filled();
  for (const name of ["eu_west", "eu-west"]) {
    assertEquals(cells((await list(name, shelf.path)).out.text()).length, 2);
  }
  const { code, out, err } = await list("prdo", shelf.path);
  assertEquals(code, 0);
  assertEquals(
    err.text(),
    `warning: there is no backup of prdo in ${shelf.path}; there are backups of eu_west, prod\n`,
  );
  assertEquals(out.text(), `0 backups in ${shelf.path}: 0 B\n`);
});

Deno.test("list --json is one document with everything", async () => {
  await using shelf = await filled();
  const { out } = await list("prod", shelf.path, { json: true });
  const { backups, ...document } = JSON.parse(out.text());
  assertEquals(document, {
    version: 1,
    command: "list",
    at: NOW.toISOString(),
    shelf: shelf.path,
    environments: ["prod"],
    usage: document.usage,
    failedRuns: [],
    errors: [],
  });
  const [sealed, partial, foreign] = backups;
  const { backup, size, ...facts } = sealed;
  assertEquals(facts, {
    path: "20260612_020000_prod",
    folder: join(shelf.path, "20260612_020000_prod"),
    kind: "backup",
    time: "2026-06-12T02:00:00.000Z",
    age: 295_200,
    environment: "prod",
    label: null,
    where: ["here"],
    encrypted: null,
    verified: { at: "2026-06-13T12:00:00Z", how: "all" },
    damaged: null,
    drilled: null,
    keep: null,
    publishedAt: null,
    running: null,
    reason: null,
    found: null,
  });
  assertEquals([backup.tables, backup.rows, backup.serverVersion], [3, 30, "17.2"]);
  assertEquals(backup.bytes, { full: 4, schema: 0, table: 300, root: 0 });
  assertEquals(size.apparent, size.real);
  assertEquals([partial.kind, partial.running], ["partial", false]);
  assertEquals([foreign.kind, foreign.found.fullArchive], ["foreign", "db_full.dump"]);
});

Deno.test("list knows what is in an encrypted backup from its public part, without a key", async () => {
  await using shelf = await TempFolder.create();
  const manifest = manifestOf({ environment: "prod", tables: 7 });
  const folder = join(shelf.path, "20260304_050607_prod");
  await putFile(join(folder, "manifest.json.age"), "age-encryption.org/v1");
  const part = { method: "age", opensBy: "recipients", summary: summarize(manifest) } as const;
  await putFile(join(folder, PUBLIC_FILE), publicPartText(part));
  await putFile(join(shelf.path, "20260303_050607_prod/manifest.json.gpg"), "x");
  const { backups } = JSON.parse((await list("", shelf.path, { json: true })).out.text());
  assertEquals(
    backups.map((
      { encrypted, backup }: { encrypted: string; backup: { tables: number } | null },
    ) => [encrypted, backup?.tables]),
    [["age", 7], ["gpg", undefined]],
  );
});

Deno.test("list changes no backup, and what it notes nobody else can read", async () => {
  await using shelf = await filled();
  const before = treeOf(join(shelf.path, "20260612_020000_prod"));
  await list("", shelf.path);
  assertEquals(treeOf(join(shelf.path, "20260612_020000_prod")), before);
  for (const path of treeOf(join(shelf.path, ".pgstrata"))) {
    const [, mode = "", size] = path.split(" ");
    assertEquals(mode, size === undefined ? "700" : "600", path);
  }
});

Deno.test("list reads PGSTRATA_DIR from .env; --dir wins", async () => {
  await using folder = await TempFolder.create();
  await using shelf = await filled();
  await Deno.writeTextFile(join(folder.path, ".env"), "PGSTRATA_DIR=shelf\n");
  await putBackup(join(folder.path, "shelf"), { environment: "dev" });
  const named = await list("", shelf.path, { cwd: folder.path, dir: undefined });
  assertStringIncludes(named.out.text(), "_dev");
  assertStringIncludes((await list("", shelf.path, { cwd: folder.path })).out.text(), "_eu-west");
});

Deno.test("list says that there is no shelf", async () => {
  await using folder = await TempFolder.create();
  const error = await assertRejects(() => list("", join(folder.path, "nowhere")), PgstrataError);
  assertEquals(error.code, "usage");
});

Deno.test("list refuses an environment that is given twice", async () => {
  await using shelf = await filled();
  const error = await assertRejects(() => list("prod --env dev", shelf.path), PgstrataError);
  assertEquals(error.message, "Cannot choose an environment: it is given twice, prod and dev");
});

Deno.test("a name that is wider than half a terminal takes no column from the others, and is not cut", async () => {
  await using shelf = await TempFolder.create();
  const label = "a-label-that-somebody-wrote-because-they-could-and-that-does-not-want-to-end";
  for (const [day, some] of [[11, null], [12, label], [13, null]] as const) {
    await putBackup(shelf.path, { time: new Date(Date.UTC(2026, 5, day, 2)), label: some });
  }
  const { out } = await list("", shelf.path, { terminal: true });
  const [titles = "", first = "", name = "", facts = "", last = ""] = out.text().split("\n");
  assertEquals(name, `20260612_020000_prod_${label}`);
  assert(name.length > 80 && [titles, first, facts, last].every((line) => line.length <= 80));
  assertEquals(titles.trim().split(/ {2,}/), [
    "BACKUP",
    "AGE",
    "STATE",
    "SERVER",
    "TABLES",
    "ROWS",
    "SIZE",
    "VERIFIED",
  ]);
  assertEquals(facts.trim().split(/ {2,}/).slice(0, 2), ["3d", "complete"]);
});
