import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { appendFailedRun, appendRecord } from "../../lib/catalog/records.ts";
import { readShelf, type Shelf } from "../../lib/catalog/shelf.ts";
import type { ShelfEntry } from "../../lib/catalog/shelf_entry.ts";
import { environmentLock, indexFile } from "../../lib/catalog/shelf_paths.ts";
import { linkTree } from "../../lib/catalog/link_tree.ts";
import { MANIFEST_FILE, parseManifest } from "../../lib/catalog/manifest.ts";
import { summarize } from "../../lib/catalog/summary.ts";
import { FileLock, processText, TempFolder } from "../../lib/system/mod.ts";
import { manifestOf, putBackup, putFile } from "./fixtures.ts";
import { passedOn } from "../tasks/run_main.ts";

const day = (number: number) => new Date(Date.UTC(2026, 2, number, 5, 6, 7));

function only<K extends ShelfEntry["kind"]>(shelf: Shelf, kind: K): Extract<ShelfEntry, { kind: K }> {
  const [entry, ...others] = shelf.entries.filter((one) => one.kind === kind);
  assert(entry !== undefined && others.length === 0, `one ${kind}`);
  return entry as Extract<ShelfEntry, { kind: K }>;
}

Deno.test("readShelf() lists our backups, newest first, with what their manifests and records say", async () => {
  await using temp = await TempFolder.create();
  await putBackup(temp.path, { time: day(1) });
  const { id } = await putBackup(temp.path, { time: day(3), environment: "eu_west", label: "pre-upgrade", tables: 3 });
  await putBackup(temp.path, { time: day(2), status: "incomplete" });
  await appendRecord(temp.path, id, { kind: "verified", at: day(4).toISOString(), good: true, how: "all files" });
  const shelf = await readShelf(temp.path);
  assertEquals(shelf.entries.map((entry) => entry.path), [
    "20260303_050607_eu-west_pre-upgrade",
    "20260302_050607_prod",
    "20260301_050607_prod",
  ]);
  const [newest] = shelf.entries;
  assert(newest?.kind === "backup");
  assertEquals([newest.environment, newest.label, newest.time], ["eu_west", "pre-upgrade", day(3)]);
  assertEquals(newest.marks.verified?.how, "all files");
  assertEquals([newest.summary.tables, newest.summary.rows, newest.summary.dataBytes], [3, 30, 300]);
  assertEquals(newest.summary.bytes, { full: 4, schema: 0, table: 300, root: 0 });
});

Deno.test("readShelf() names a partial folder as running while its environment is locked, else as left over", async () => {
  await using temp = await TempFolder.create();
  await putFile(join(temp.path, "20260301_050607_eu-west.partial/db_full.dump"), "PG");
  {
    using _lock = await FileLock.take(environmentLock(temp.path, "eu_west"), day(1)) as FileLock;
    assertEquals(only(await readShelf(temp.path), "partial").running, true);
  }
  const left = only(await readShelf(temp.path), "partial");
  assertEquals([left.running, left.time, left.environment], [false, day(1), "eu-west"]);
});

Deno.test("readShelf() takes a partial folder without environment for running while any backup runs", async () => {
  await using temp = await TempFolder.create();
  await putFile(join(temp.path, "archive/2026-03-01T05-06-07Z--shop--push--0123456.partial/x"), "");
  assertEquals(only(await readShelf(temp.path), "partial").running, false);
  using _lock = await FileLock.take(environmentLock(temp.path, "prod"), day(1)) as FileLock;
  assertEquals(only(await readShelf(temp.path), "partial").running, true);
});

Deno.test("readShelf() describes the folder of an older way to make backups from its files", async () => {
  await using temp = await TempFolder.create();
  const folder = join(temp.path, "20250101_000000_prod_before");
  await putFile(join(folder, "db_full.dump"), "PGDMP");
  await putFile(join(folder, "schema.sql"), "--");
  await putFile(join(folder, "version.txt"), "\n PostgreSQL 15.1 \u001b[31m\n");
  await putFile(join(folder, "public/public_schema_20250101_000000.dump"), "PGDMP");
  const entry = only(await readShelf(temp.path), "foreign");
  assertEquals([entry.environment, entry.label], ["prod", "before"]);
  assertEquals(entry.description, {
    backup: true,
    fullArchive: "db_full.dump",
    schemaArchives: ["public/public_schema_20250101_000000.dump"],
    others: ["schema.sql"],
    serverVersion: "PostgreSQL 15.1  [31m",
  });
});

Deno.test("readShelf() names a folder that is no backup as such", async () => {
  await using temp = await TempFolder.create();
  await putFile(join(temp.path, "holiday/photo.jpg"), "");
  const entry = only(await readShelf(temp.path), "foreign");
  assertEquals([entry.path, entry.description.backup], ["holiday", false]);
});

Deno.test("readShelf() gives the reason when a manifest cannot be read", async () => {
  await using temp = await TempFolder.create();
  const { folder } = await putBackup(temp.path);
  await Deno.writeTextFile(join(folder, MANIFEST_FILE), '{"version": 1, "status": "fine"}');
  const entry = only(await readShelf(temp.path), "unreadable");
  assertEquals(entry.environment, "prod");
  assertStringIncludes(entry.reason, "Cannot read the manifest: it is damaged");
});

Deno.test("readShelf() knows encrypted backups by name, and their public part through the hook", async () => {
  await using temp = await TempFolder.create();
  const folder = join(temp.path, "20260304_050607_prod");
  await putFile(join(folder, "manifest.json.age"), "age");
  assertEquals(only(await readShelf(temp.path), "encrypted").summary, null);
  const summary = summarize(manifestOf({ environment: "staging" }));
  const asked: string[] = [];
  const shelf = await readShelf(temp.path, {
    readEncrypted: (at, method) => {
      asked.push(`${method} ${at}`);
      return Promise.resolve(summary);
    },
  });
  assertEquals(asked, [`age ${folder}`]);
  assertEquals([only(shelf, "encrypted").environment, only(shelf, "encrypted").method], ["staging", "age"]);
});

Deno.test("readShelf() makes one entry of a ci backup in archive/ and latest/, and counts its links once", async () => {
  await using temp = await TempFolder.create();
  const path = "archive/2026-03-04T05-06-07Z--shop--push--0123456";
  const { folder } = await putBackup(temp.path, { path });
  await Deno.mkdir(join(temp.path, "latest"));
  await linkTree(folder, join(temp.path, "latest/latest_2026-03-04T05-06-07Z"));
  const shelf = await readShelf(temp.path);
  const entry = only(shelf, "backup");
  assertEquals([entry.path, entry.publishedAt], [path, "latest/latest_2026-03-04T05-06-07Z"]);
  assertEquals(shelf.usage.apparent, 2 * shelf.usage.real);
});

Deno.test("readShelf() finds backups below an environment's folder, and those being removed", async () => {
  await using temp = await TempFolder.create();
  await putBackup(temp.path, { path: "prod/archive/2026-03-04T05-06-07Z--shop--push--0123456" });
  await putFile(join(temp.path, "staging/archive/2026-03-05T05-06-07Z--a--b--c.deleting/x"), "");
  const shelf = await readShelf(temp.path);
  assertEquals(shelf.entries.map((entry) => [entry.kind, entry.environment]), [["deleting", "staging"], [
    "backup",
    "prod",
  ]]);
});

Deno.test("readShelf() passes over links, hidden folders, loose files and its own notes", async () => {
  await using temp = await TempFolder.create();
  const { folder } = await putBackup(temp.path);
  await Deno.symlink(folder, join(temp.path, "current"));
  await putFile(join(temp.path, ".git/config"), "");
  await putFile(join(temp.path, "notes.txt"), "");
  await appendFailedRun(temp.path, {
    environment: "prod",
    startedAt: day(1).toISOString(),
    at: "2026-03-01T06:00:00Z",
    reason: "x",
  });
  const shelf = await readShelf(temp.path);
  assertEquals(shelf.entries.length, 1);
  assertEquals(shelf.failedRuns.length, 1);
});

Deno.test("readShelf() says so when there is no shelf", async () => {
  const error = await assertRejects(() => readShelf("/nowhere"), PgstrataError);
  assertEquals([error.code, error.message], ["usage", "Cannot read the shelf: there is no folder /nowhere"]);
});

Deno.test("the index gives the same shelf, without reading a manifest again", async () => {
  await using temp = await TempFolder.create();
  await putBackup(temp.path, { time: day(1) });
  const { folder } = await putBackup(temp.path, { time: day(2) });
  const first = await readShelf(temp.path);
  // Same size, same time: only a reader of the manifest itself would notice.
  const manifest = join(folder, MANIFEST_FILE);
  const { mtime } = await Deno.stat(manifest);
  const text = await Deno.readTextFile(manifest);
  await Deno.writeTextFile(manifest, text.replace('"version"', '"Version"'));
  await Deno.utime(manifest, mtime ?? 0, mtime ?? 0);
  assertEquals(await readShelf(temp.path), first);
  assertEquals(only(await readShelf(temp.path, { index: "ignore" }), "unreadable").folder, folder);
});

Deno.test("a manifest that changed is read again, and one that went is forgotten", async () => {
  await using temp = await TempFolder.create();
  const one = await putBackup(temp.path, { time: day(1) });
  const two = await putBackup(temp.path, { time: day(2) });
  await readShelf(temp.path);
  const manifest = parseManifest(await Deno.readTextFile(join(one.folder, MANIFEST_FILE)));
  await Deno.writeTextFile(join(one.folder, MANIFEST_FILE), JSON.stringify({ ...manifest, label: "other" }));
  await Deno.remove(two.folder, { recursive: true });
  assertEquals((await readShelf(temp.path)).entries.map((entry) => entry.label), ["other"]);
  assertEquals(Object.keys(JSON.parse(await Deno.readTextFile(indexFile(temp.path))).backups), [
    "20260301_050607_prod",
  ]);
});

Deno.test("a damaged index is ignored and made anew", async () => {
  await using temp = await TempFolder.create();
  await putBackup(temp.path);
  const first = await readShelf(temp.path);
  for (const rubbish of ["", "{", '{"version":1,"backups":{"x":1}}', '{"version":0,"backups":{}}']) {
    await Deno.writeTextFile(indexFile(temp.path), rubbish);
    assertEquals(await readShelf(temp.path), first);
  }
  assertStringIncludes(await Deno.readTextFile(indexFile(temp.path)), "20260304_050607_prod");
});

Deno.test("real size is right when a backup is linked to one the index knows as linked to none", async () => {
  await using temp = await TempFolder.create();
  const { folder } = await putBackup(temp.path, { time: day(1) });
  const alone = (await readShelf(temp.path)).usage;
  await linkTree(folder, join(temp.path, "20260302_050607_prod"));
  for (const index of ["use", "use", "ignore"] as const) {
    const { usage } = await readShelf(temp.path, { index });
    assertEquals(usage, { apparent: 2 * alone.apparent, real: alone.real }, index);
  }
});

Deno.test("readShelf() shows what the system does not let it read as such, and everything else", async () => {
  await using temp = await TempFolder.create();
  await putBackup(temp.path, { time: day(1) });
  const { folder } = await putBackup(temp.path, { time: day(2) });
  // Not even root can read a folder as a file.
  await Deno.remove(join(folder, MANIFEST_FILE));
  await Deno.mkdir(join(folder, MANIFEST_FILE));
  const shelf = await readShelf(temp.path);
  assertEquals(shelf.entries.map(({ kind }) => kind), ["unreadable", "backup"]);
  const entry = only(shelf, "unreadable");
  assertEquals([entry.time, entry.environment], [day(2), "prod"]);
  assertStringIncludes(entry.reason, "Is a directory");
});

Deno.test("readShelf() lists the others beside folders that this user may not look into, such as lost+found", async () => {
  await using temp = await TempFolder.create();
  await putBackup(temp.path, { time: day(1) });
  const closed = ["lost+found", "20260302_050607_prod"].map((name) => join(temp.path, name));
  for (const folder of closed) await Deno.mkdir(folder, { mode: 0 });
  // Who is not root could not remove them otherwise.
  using opening = new DisposableStack();
  for (const folder of closed) opening.defer(() => Deno.chmodSync(folder, 0o700));
  const script = `
    const { readShelf } = await import(${JSON.stringify(new URL("../../lib/catalog/shelf.ts", import.meta.url).href)});
    const shelf = await readShelf(${JSON.stringify(temp.path)});
    console.log(JSON.stringify(shelf.entries.map(({ path, kind }) => [path, kind])));
  `;
  assertEquals(JSON.parse(await withoutPrivileges(script)), [
    ["20260302_050607_prod", "unreadable"],
    ["20260301_050607_prod", "backup"],
    ["lost+found", "foreign"],
  ]);
});

/** Runs a script as a user whom permissions bind: root without what makes it read everything. */
async function withoutPrivileges(script: string): Promise<string> {
  const deno = [
    Deno.execPath(),
    "eval",
    "--no-lock",
    `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
  ];
  const binding = Deno.uid() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [];
  const [program = "", ...args] = [...binding, ...deno, script];
  return await processText({ program, args, env: passedOn() });
}
