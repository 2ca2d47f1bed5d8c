import { assert, assertEquals, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import {
  adoptTables,
  dropSnapshot,
  exportSnapshot,
  findCandidates,
  findSnapshot,
  handMadeName,
  installSchedule,
  listSchedules,
  planPrune,
  readSnapshots,
  removeSchedules,
  reviewSnapshot,
  SNAPSHOT_KINDS,
} from "../../lib/snapshot/mod.ts";
import { fakeManifest } from "../report/fake_manifest.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { createOne, installed } from "./snapshot_fixture.ts";

const TABLE = "CREATE TABLE experts (id int PRIMARY KEY); INSERT INTO experts VALUES (1), (2)";
const DAY = 86_400_000;

/** A stand-in for pg_cron 1.6: its functions' names and arguments, and its table. */
const CRON = `CREATE SCHEMA cron;
CREATE TABLE cron.job (jobid serial, jobname text UNIQUE, schedule text, command text, database text DEFAULT current_database(), active bool DEFAULT true);
CREATE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS bigint LANGUAGE sql AS $$
  INSERT INTO cron.job (jobname, schedule, command) VALUES ($1, $2, $3) ON CONFLICT (jobname) DO UPDATE SET schedule = $2, command = $3 RETURNING jobid::bigint $$;
CREATE FUNCTION cron.unschedule(job_name text) RETURNS bool LANGUAGE sql AS $$ DELETE FROM cron.job WHERE jobname = $1 RETURNING true $$;`;

Deno.test("handMadeName() knows hand-made copies from other tables", () => {
  const cases: readonly (readonly [string, string | null, string | null])[] = [
    ["experts_backup_2025_05_25", "experts", "2025-05-25"],
    ["experts_backup_20250525_101500", "experts", "2025-05-25"],
    ["experts_2025-05-25_backup", "experts", "2025-05-25"],
    ["experts_bak", "experts", null],
    ["experts_old2", "experts", null],
    ["Experts_OLD", "Experts", null],
    ["bak_experts", "experts", null],
    ["experts_backup_2025_13_45", null, null],
    ["experts", null, null],
    ["household", null, null],
    ["thresholds", null, null],
    ["backup", null, null],
  ];
  for (const [name, original, date] of cases) {
    const found = handMadeName(name);
    assertEquals([found?.original ?? null, found?.date ?? null], [original, date], name);
  }
});

for (const major of testedMajors()) {
  const server = await testServer(major);
  const on = (name: string) => `${name} (PostgreSQL ${major})`;

  Deno.test(on("each kind is due when its rule says so, and not a day before"), async () => {
    const database = await server.createDatabase({ sql: TABLE });
    await using session = await installed(database);
    const ids = new Map<string, number>();
    for (const kind of SNAPSHOT_KINDS) ids.set(kind, (await createOne(session, "experts", { kind })).id);
    const due = async (days: number) =>
      (await planPrune(session, new Date(Date.now() + days * DAY))).map(({ kind, action }) => `${kind} ${action}`);
    assertEquals(await due(6.9), []);
    assertEquals(await due(7.1), ["daily drop"]);
    assertEquals(await due(28.1), ["daily drop", "weekly drop"]);
    assertEquals(await due(180), ["daily drop", "weekly drop"]);
    assertEquals(await due(185), ["pre-migration review", "daily drop", "weekly drop"]);
    assertEquals(await due(366.5), [
      "pre-migration review",
      "daily drop",
      "weekly drop",
      "monthly export",
      "critical review",
    ]);
    await reviewSnapshot(session, ids.get("critical") ?? 0, new Date(Date.now() + 366.5 * DAY));
    assertEquals((await due(400)).includes("critical review"), false);
  });

  Deno.test(
    on("a copy goes only when nothing depends on it and its rows are those of the record, which stays"),
    async () => {
      const database = await server.createDatabase({ sql: TABLE });
      await using session = await installed(database);
      const row = await createOne(session, "experts", { kind: "daily" });
      const drop = () => dropSnapshot(session, row.id, { reason: "retention", lockTimeout: 1_000 });
      const later = new Date(Date.now() + 8 * DAY);
      const dependents: readonly (readonly [string, string, string])[] = [
        [`CREATE VIEW v AS SELECT * FROM backup.${row.backupTable}`, "view public.v", "DROP VIEW v"],
        [
          `ALTER TABLE backup.${row.backupTable} ADD PRIMARY KEY (id); CREATE TABLE child (id int CONSTRAINT fk REFERENCES backup.${row.backupTable})`,
          "constraint fk on table public.child",
          "DROP TABLE child",
        ],
        [`CREATE TABLE typed (c backup.${row.backupTable})`, "column c of table public.typed", "DROP TABLE typed"],
        [`CREATE PUBLICATION p FOR TABLE backup.${row.backupTable}`, "publication p", "DROP PUBLICATION p"],
        [`CREATE TABLE heir () INHERITS (backup.${row.backupTable})`, "table public.heir", "DROP TABLE heir"],
      ];
      for (const [make, described, unmake] of dependents) {
        await database.psql(make);
        const [due] = await planPrune(session, later);
        assertEquals([due?.action, due?.dependents], ["blocked", [described]]);
        assertEquals((await assertRejects(drop, PgstrataError)).code, "refused");
        await database.psql(unmake);
      }
      await database.psql(`INSERT INTO backup.${row.backupTable} VALUES (9)`);
      const changed = await assertRejects(drop, PgstrataError);
      assert(String(changed.cause).includes("has 3 rows, its record says 2"));
      await database.psql(`DELETE FROM backup.${row.backupTable} WHERE id = 9`);
      await drop();
      const [record] = await readSnapshots(session);
      assertEquals([record?.status, record?.dropReason, record?.rowCount, record?.sizeBytes], [
        "dropped",
        "retention",
        2,
        null,
      ]);
      assertEquals(await database.psql(`SELECT to_regclass('backup.${row.backupTable}')`), "");
      await assertRejects(() => findSnapshot(session, String(row.id)), PgstrataError, "its copy was dropped");
    },
  );

  Deno.test(on("a copy dropped by hand is missing, and pruning records that"), async () => {
    const database = await server.createDatabase({ sql: TABLE });
    await using session = await installed(database);
    const row = await createOne(session, "experts", { kind: "critical" });
    await database.psql(`DROP TABLE backup.${row.backupTable}`);
    assertEquals((await readSnapshots(session))[0]?.status, "missing");
    assertEquals(await database.psql("SELECT backup.prune_expired()"), row.backupTable);
    assertEquals((await readSnapshots(session))[0]?.status, "dropped");
  });

  Deno.test(
    on("prune_expired() drops what is over and leaves what is to be reviewed, exported or needed"),
    async () => {
      const database = await server.createDatabase({ sql: TABLE });
      await using session = await installed(database);
      for (const kind of SNAPSHOT_KINDS) await createOne(session, "experts", { kind });
      const needed = await createOne(session, "experts", { kind: "daily" });
      await database.psql(`CREATE VIEW v AS SELECT * FROM backup.${needed.backupTable};
      UPDATE backup.backup_metadata SET expires_at = expires_at - interval '2 years', review_at = review_at - interval '2 years'`);
      await database.psql("SELECT backup.prune_expired()");
      const left = (await readSnapshots(session)).filter(({ status }) => status === "present").map(({ kind }) => kind);
      assertEquals(left, ["pre-migration", "monthly", "critical", "daily"]);
    },
  );

  Deno.test(
    on("adopt shows copies made by hand, moves them with a record, and takes the API's rights away"),
    async () => {
      const database = await server.createDatabase({
        sql: `${TABLE};
DO $$ BEGIN CREATE ROLE anon; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE experts_backup_2025_05_25 AS SELECT * FROM experts;
GRANT ALL ON experts_backup_2025_05_25 TO anon;
CREATE SCHEMA other; CREATE TABLE other.experts_bak AS SELECT * FROM experts;
CREATE TABLE gone_backup_2024_01_02 (id int);
CREATE TABLE fold_old (id int);
CREATE TABLE experts_copy AS SELECT * FROM experts; CREATE VIEW v AS SELECT * FROM experts_copy;`,
      });
      await using session = await installed(database);
      await database.psql("CREATE TABLE backup.experts_backup_2025_05_25 AS SELECT 7 AS n");
      const found = await findCandidates(session, { schemas: [] });
      assertEquals(
        found.map((
          { schema, name, original, originalExists, dependents },
        ) => [schema, name, original, originalExists, dependents.length]),
        [
          ["backup", "experts_backup_2025_05_25", "experts", true, 0],
          ["other", "experts_bak", "experts", true, 0],
          ["public", "experts_backup_2025_05_25", "experts", true, 0],
          ["public", "experts_copy", "experts", true, 1],
          ["public", "gone_backup_2024_01_02", "gone", false, 0],
        ],
      );
      const rows = await adoptTables(session, found, { kind: "critical", reason: null, lockTimeout: 1_000 });
      assertEquals(rows.map(({ backupTable, rowCount }) => [backupTable, rowCount]), [
        ["experts_backup_2025_05_25", 1],
        ["experts_bak", 2],
        ["experts_backup_2025_05_25_adopted", 2],
        ["experts_copy", 2],
        ["gone_backup_2024_01_02", 0],
      ]);
      assertEquals(rows[2]?.reason, "adopted from public.experts_backup_2025_05_25");
      assertEquals(await database.psql("SELECT count(*) FROM v; SELECT to_regclass('public.experts_copy')"), "2\n");
      assertEquals(
        await database.psql("SELECT has_table_privilege('anon', 'backup.experts_backup_2025_05_25_adopted', 'SELECT')"),
        "f",
      );
      assertEquals(await findCandidates(session, { schemas: [] }), []);
    },
  );

  Deno.test(on("an export is noted only when the backup holds the rows and the copy is unchanged"), async () => {
    const database = await server.createDatabase({ sql: TABLE });
    await using session = await installed(database);
    const row = await createOne(session, "experts", { withHash: true });
    const base = fakeManifest({});
    const table = base.tables[0];
    assert(table !== undefined);
    const backup = (rows: number, status: "complete" | "incomplete" = "complete") =>
      exportSnapshot(session, row, ({ tablePattern, label }) => {
        assertEquals([tablePattern, label], [`"backup"."${row.backupTable}"`, `snapshot-${row.id}`]);
        const tables = [{ ...table, schema: "backup", name: row.backupTable, rows }];
        return Promise.resolve({ folder: "/shelf/one", manifest: { ...base, status, tables } });
      });
    for (const wrong of [() => backup(1), () => backup(2, "incomplete")]) {
      assertEquals((await assertRejects(wrong, PgstrataError)).code, "not_good");
    }
    await database.psql(`UPDATE backup.${row.backupTable} SET id = 5 WHERE id = 2`);
    await assertRejects(() => backup(2), PgstrataError, "the copy was changed");
    assertEquals((await findSnapshot(session, String(row.id))).status, "present");
    await database.psql(`UPDATE backup.${row.backupTable} SET id = 2 WHERE id = 5`);
    const { snapshot } = await backup(2);
    assertEquals([snapshot.status, snapshot.exportedTo], ["exported", "/shelf/one"]);
  });

  Deno.test(on("jobs of pg_cron are made, run as they say, and end"), async () => {
    const database = await server.createDatabase({ sql: `${TABLE}; CREATE TABLE "it's" (id int)` });
    await using session = await installed(database);
    const work = {
      work: "create",
      table: { schema: "public", name: "it's" },
      kind: "daily",
      reason: "'; DROP TABLE experts; --",
    } as const;
    assertEquals(
      (await assertRejects(() => installSchedule(session, "0 3 * * *", work), PgstrataError)).code,
      "refused",
    );
    assertEquals(await listSchedules(session), []);
    await database.psql(CRON);
    const { command } = await installSchedule(session, "0 3 * * *", work);
    await installSchedule(session, "0 4 * * *", work);
    await installSchedule(session, "30 3 * * *", { work: "prune" });
    assertEquals((await listSchedules(session)).map(({ name, at }) => [name, at]), [
      [`pgstrata snapshot daily public."it's"`, "0 4 * * *"],
      ["pgstrata snapshot prune", "30 3 * * *"],
    ]);
    await database.psql(command);
    const [row] = await readSnapshots(session);
    assertEquals([row?.originalTable, row?.reason, row?.kind], ["it's", work.reason, "daily"]);
    assertEquals(await database.psql("SELECT count(*) FROM experts"), "2");
    await assertRejects(() => removeSchedules(session, ["somebody's job"]), PgstrataError, "pgstrata did not make it");
    await removeSchedules(session, ["pgstrata snapshot prune"]);
    assertEquals((await listSchedules(session)).length, 1);
  });
}
