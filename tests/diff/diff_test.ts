import { assert, assertEquals, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import type { BackupResult } from "../../lib/backup/mod.ts";
import {
  type DatabaseDiff,
  diffRows,
  type DiffSide,
  diffSides,
  openBackupSide,
  openDatabaseSide,
} from "../../lib/diff/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { backUp, type BackupChanges, testTarget } from "../backup/backup_fixture.ts";

const signal = new AbortController().signal;

const SETUP = `
CREATE ROLE diff_reader_:suffix;
CREATE TABLE public.orders (id bigint PRIMARY KEY, note text, status text DEFAULT 'new');
INSERT INTO public.orders SELECT i, 'note ' || i FROM generate_series(1, 2000) i;
CREATE TABLE public.logs (line text);
INSERT INTO public.logs SELECT 'line ' || i % 10 FROM generate_series(1, 100) i;
CREATE TABLE public.shuffled (id int PRIMARY KEY, v text);
INSERT INTO public.shuffled SELECT i, 'v' FROM generate_series(1, 500) i;
CREATE TABLE public.emptied (id int); INSERT INTO public.emptied VALUES (1), (2);
CREATE TABLE public.dropped (id int PRIMARY KEY); INSERT INTO public.dropped VALUES (1);
ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.orders USING (id < 10);
CREATE VIEW public.safe WITH (security_barrier=true) AS SELECT id FROM public.orders;
CREATE FUNCTION public.answer() RETURNS int LANGUAGE sql AS 'SELECT 42';
`;

/** What the second backup sees. */
const CHANGES = `
ALTER TABLE public.orders ADD COLUMN price numeric;
ALTER TABLE public.orders DISABLE ROW LEVEL SECURITY;
UPDATE public.orders SET note = E'tab\\there', status = NULL WHERE id = 7;
DELETE FROM public.orders WHERE id = 8;
INSERT INTO public.orders VALUES (9001, 'ünï', 'paid', 1.5);
INSERT INTO public.logs VALUES ('line 1');
DELETE FROM public.logs WHERE ctid = (SELECT min(ctid) FROM public.logs WHERE line = 'line 2');
UPDATE public.shuffled SET v = v WHERE id % 2 = 0;
TRUNCATE public.emptied;
DROP TABLE public.dropped;
CREATE TABLE public.born (id int PRIMARY KEY); INSERT INTO public.born VALUES (1), (2);
GRANT SELECT ON public.orders TO PUBLIC;
CREATE OR REPLACE FUNCTION public.answer() RETURNS int LANGUAGE sql AS 'SELECT 43';
ALTER VIEW public.safe RESET (security_barrier);
CREATE EXTENSION pgcrypto WITH SCHEMA public;
`;

for (const major of testedMajors()) {
  const server = await testServer(major);
  const database = await server.createDatabase({ sql: SETUP.replaceAll(":suffix", String(major)) });

  const side = async ({ folder, manifest }: BackupResult, name: string): Promise<DiffSide> =>
    await openBackupSide(folder, manifest, { name, tools: server.tools, signal });
  const living = (rows: boolean): Promise<DiffSide> =>
    openDatabaseSide(testTarget(database.url), {
      env: { PGSTRATA_PG_BIN: server.tools.folder },
      signal,
      at: new Date().toISOString(),
      rows,
    });

  Deno.test(`diff of two backups and of a living database tells every change (PostgreSQL ${major})`, async (t) => {
    await using shelf = await TempFolder.create();
    const take = (changes: BackupChanges) => backUp(database.url, shelf.path, server.tools, changes);
    const first = await take({ label: "first" });
    const archives = await take({ label: "archives", tiers: ["full"] });

    await t.step("a backup is the same as its database, and as another of the same state", async () => {
      await using before = await side(first, "first");
      await using now = await living(true);
      assertSame(await diffSides(before, now));
      await using other = await side(archives, "archives");
      assertSame(await diffSides(before, other));
    });

    await database.psql(CHANGES);
    const second = await take({ label: "second" });

    for (const kind of ["backup", "database"] as const) {
      await t.step(`changes against a ${kind}`, async () => {
        await using before = await side(first, "first");
        await using after = kind === "backup" ? await side(second, "second") : await living(true);
        assertChanges(await diffSides(before, after));
      });
    }

    await t.step("by hashes alone another order of rows is said to be perhaps only that", async () => {
      await using before = await side(first, "first");
      await using after = await side(second, "second");
      const { tables } = await diffSides(before, after, { rows: "hash" });
      assertEquals(tables.find(({ name }) => name === "shuffled")?.proof, "order");
    });

    for (const [name, from, to] of [["files", first, second], ["archives", archives, second]] as const) {
      for (const memory of [1000, undefined]) {
        await t.step(`rows by primary key from ${name}, ${memory ?? "all"} bytes in memory`, async () => {
          await using before = await side(from, "first");
          await using after = await side(to, "second");
          await assertRows(before, after, memory === undefined ? { limit: 10 } : { limit: 10, memory });
        });
      }
    }

    await t.step("rows by primary key against the database, of which only the definitions were read", async () => {
      await using before = await side(first, "first");
      await using after = await living(false);
      await assertRows(before, after, { limit: 10 });
      const { tables, sizes } = await diffSides(before, after, { tables: [{ schema: "public", name: "orders" }] });
      assertEquals([tables, sizes.rowsAfter], [[], null]);
    });

    await t.step("a table without key is compared by whole rows; one that is not there is an error", async () => {
      await using before = await side(first, "first");
      await using after = await side(second, "second");
      const logs = await diffRows(before, after, { schema: "public", name: "logs" }, { limit: 1 });
      assertEquals([logs.key, logs.added, logs.removed, logs.changed, logs.same], [null, 1, 1, 0, 99]);
      assertEquals([logs.addedRows, logs.removedRows], [[{ line: "line 1" }], [{ line: "line 2" }]]);
      const error = await assertRejects(
        () => diffRows(before, after, { schema: "public", name: "dropped" }, { limit: 1 }),
        PgstrataError,
      );
      assertEquals(error.message, "Cannot compare the rows of public.dropped: second has none of it");
    });

    await t.step("a setting of the database is told, whatever the database is called", async () => {
      await database.psql(`ALTER DATABASE "${database.name}" SET work_mem = '8MB'`);
      await using before = await side(second, "second");
      await using after = await living(false);
      const { objects } = await diffSides(before, after);
      assertEquals(objects.map(({ change, kind, after }) => [change, kind, after?.trim()]), [
        ["added", "DATABASE PROPERTIES", "ALTER DATABASE * SET work_mem TO '8MB';"],
      ]);
    });
  });
}

Deno.test("diff finds no difference between a database of every kind of object and its backup, whichever is A", async () => {
  const server = await testServer(15);
  const database = await server.createDatabase("torture");
  await using shelf = await TempFolder.create();
  const { folder, manifest } = await backUp(database.url, shelf.path, server.tools);
  await using backup = await openBackupSide(folder, manifest, { name: "torture", tools: server.tools, signal });
  await using living = await openDatabaseSide(testTarget(database.url), {
    env: { PGSTRATA_PG_BIN: server.tools.folder },
    signal,
    at: new Date().toISOString(),
    rows: true,
    copySettings: manifest.copySettings,
  });
  // Rows of extensions' tables are in the backup's table tier, and not in what pg_dump reads.
  assert(manifest.tables.some(({ source }) => source === "copy"));
  for (const [before, after] of [[backup, living], [living, backup]] as const) {
    const { same, objects, tables, grants, roles, notes, sizes } = await diffSides(before, after);
    assertEquals(
      [sizes.rowsBefore, sizes.tablesBefore, sizes.dataBefore],
      [sizes.rowsAfter, sizes.tablesAfter, sizes.dataAfter],
    );
    assertEquals({ same, objects, tables, grants, roles, notes }, {
      same: true,
      objects: [],
      tables: [],
      grants: [],
      roles: [],
      notes: [],
    });
  }
});

function assertSame(diff: DatabaseDiff): void {
  assertEquals(diff.objects, []);
  assertEquals(diff.tables, []);
  assertEquals(diff.grants, []);
  assertEquals(diff.roles, []);
  assert(diff.same);
  assertEquals(diff.tablesSame, 5);
}

function assertChanges(diff: DatabaseDiff): void {
  // Each is followed by what hangs on it.
  assertEquals(diff.objects.map(({ change, kind, name, table }) => `${change} ${kind} ${name} ${table ?? ""}`.trim()), [
    "changed FUNCTION answer()",
    "added TABLE born",
    "added CONSTRAINT born_pkey public.born",
    "removed TABLE dropped",
    "removed CONSTRAINT dropped_pkey public.dropped",
    "changed TABLE orders",
    "removed ROW SECURITY orders public.orders",
    "changed VIEW safe",
  ]);
  const orders = diff.objects.find(({ kind, name }) => kind === "TABLE" && name === "orders");
  assertEquals(
    orders?.lines.filter(({ op }) => op === "+").map(({ text }) => text.trim()),
    ["status text DEFAULT 'new'::text,", "price numeric"],
  );
  const tables = diff.tables.map((one) => [one.change, one.name, one.rowsBefore, one.rowsAfter, one.proof]);
  assertEquals(tables, [
    ["added", "born", null, 2, "count"],
    ["changed", "emptied", 2, 0, "count"],
    ["removed", "dropped", 1, null, "count"],
    ["changed", "logs", 100, 100, "content"],
    ["changed", "orders", 2000, 2000, "content"],
  ]);
  assertEquals(diff.tablesSame, 1, "the order of shuffled's rows is no difference");
  assertEquals(diff.alerts.map(({ kind, object }) => `${kind} ${object}`), [
    "security_barrier_lost public.safe",
    "row_security_lost public.orders",
    "access_widened public.orders",
    "rows_lost public.emptied",
    "rows_lost public.dropped",
  ]);
  assertEquals(diff.extensions.map(({ change, name }) => `${change} ${name}`), ["added pgcrypto"]);
  assertEquals(diff.grants.find(({ object }) => object === "public.orders")?.gained, ["SELECT to PUBLIC"]);
  assert(!diff.same);
}

async function assertRows(
  before: DiffSide,
  after: DiffSide,
  options: { readonly limit: number; readonly memory?: number },
): Promise<void> {
  const rows = await diffRows(before, after, { schema: "public", name: "orders" }, options);
  assertEquals(rows, {
    schema: "public",
    name: "orders",
    key: ["id"],
    columnsGone: [],
    columnsCome: ["price"],
    rowsBefore: 2000,
    rowsAfter: 2000,
    added: 1,
    removed: 1,
    changed: 1,
    same: 1998,
    addedRows: [{ id: "9001", note: "ünï", status: "paid" }],
    removedRows: [{ id: "8", note: "note 8", status: "new" }],
    changedRows: [{
      key: { id: "7" },
      columns: [
        { column: "note", before: "note 7", after: "tab\there" },
        { column: "status", before: "new", after: null },
      ],
    }],
  });
}
