import { assert, assertEquals, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { openSession } from "../../lib/connection/mod.ts";
import {
  copyName,
  diffSnapshot,
  parseTableName,
  planRestoreRows,
  readSnapshots,
  restoreInto,
  restoreRows,
} from "../../lib/snapshot/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { allTables, createOne, installed, targetOf } from "./snapshot_fixture.ts";

const OPTIONS = { condition: null, safetyCopy: false, lockTimeout: 1_000 };

/** A parent with children that cascade, triggers that shout, a rule, generated and identity columns, no equality in `j`. */
const SHOP = `
CREATE TABLE experts (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, email text UNIQUE, j json, p point,
  twice integer GENERATED ALWAYS AS (length(name) * 2) STORED, amount numeric DEFAULT 1.5);
INSERT INTO experts (name, email, j, p, amount) SELECT 'expert ' || i, i || '@x', '{"a": 1}', point(i, i), NULLIF(i, 3)
  FROM generate_series(1, 20) AS i;
CREATE TABLE bookings (id serial PRIMARY KEY, expert_id integer REFERENCES experts ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO bookings (expert_id) SELECT i FROM generate_series(1, 10) AS i;
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a trigger fired'; END $$;
CREATE TABLE changes_since (LIKE experts);`;

const CHANGES = `
UPDATE experts SET email = CASE id WHEN 5 THEN '6@x' ELSE '5@x' END || '!' WHERE id IN (5, 6);
UPDATE experts SET email = CASE id WHEN 5 THEN '6@x' ELSE '5@x' END WHERE id IN (5, 6);
DELETE FROM experts WHERE id = 15;
UPDATE experts SET amount = 2.50, j = '{"a":1}' WHERE id = 2;
INSERT INTO experts (name) VALUES ('new');
CREATE TRIGGER shout BEFORE INSERT OR UPDATE OR DELETE ON experts FOR EACH ROW EXECUTE FUNCTION shout();
CREATE TRIGGER shout_always AFTER INSERT OR UPDATE OR DELETE ON experts FOR EACH STATEMENT EXECUTE FUNCTION shout();
ALTER TABLE experts ENABLE ALWAYS TRIGGER shout_always;
CREATE RULE no_insert AS ON INSERT TO experts DO INSTEAD NOTHING;`;

const CONTENT = "SELECT md5(string_agg(e::text, ',' ORDER BY id)), count(*) FROM experts e";

for (const major of testedMajors()) {
  const server = await testServer(major);
  const on = (name: string) => `${name} (PostgreSQL ${major})`;

  Deno.test(on("diff tells added, removed and changed rows by key, and the columns that differ"), async () => {
    const database = await server.createDatabase({ sql: SHOP });
    await using session = await installed(database);
    const row = await createOne(session, "experts");
    assertEquals((await diffSnapshot(session, row, 5)).rows, { added: 0, removed: 0, changed: 0, unchanged: 20 });
    await database.psql(CHANGES);
    const diff = await diffSnapshot(session, row, 10);
    assertEquals(diff.rows, { added: 1, removed: 1, changed: 3, unchanged: 16 });
    assertEquals(diff.sample, [
      { change: "changed", key: { id: "2" }, columns: ["j", "amount"] },
      { change: "changed", key: { id: "5" }, columns: ["email"] },
      { change: "changed", key: { id: "6" }, columns: ["email"] },
      { change: "removed", key: { id: "15" }, columns: [] },
      { change: "added", key: { id: "21" }, columns: [] },
    ]);
    assertEquals((await diffSnapshot(session, row, 2)).sample.length, 2);
    await database.psql(
      "ALTER TABLE experts ADD COLUMN extra int; ALTER TABLE experts ALTER COLUMN amount TYPE float8; ALTER TABLE experts DROP COLUMN p",
    );
    assertEquals((await diffSnapshot(session, row, 0)).columns, {
      added: ["extra"],
      removed: ["p"],
      retyped: ["amount"],
    });
  });

  Deno.test(on("diff without a key compares whole rows, duplicates counted"), async () => {
    const database = await server.createDatabase({
      sql: "CREATE TABLE t (n int, j json); INSERT INTO t VALUES (1, '1'), (1, '1'), (NULL, NULL)",
    });
    await using session = await installed(database);
    const row = await createOne(session, "t");
    await database.psql(
      "DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t); INSERT INTO t VALUES (2, '2'), (NULL, NULL)",
    );
    const { rows, key } = await diffSnapshot(session, row, 5);
    assertEquals([rows, key], [{ added: 2, removed: 1, changed: null, unchanged: null }, null]);
  });

  Deno.test(
    on("replace brings every row back: triggers, rules and cascades off, keys and sequences right"),
    async () => {
      const database = await server.createDatabase({ sql: SHOP });
      await using session = await installed(database);
      const before = await database.psql(CONTENT);
      const row = await createOne(session, "experts");
      await database.psql(`${CHANGES} DROP RULE no_insert ON experts; ALTER TABLE experts DISABLE TRIGGER ALL;
      INSERT INTO experts OVERRIDING SYSTEM VALUE SELECT 500, 'far'; SELECT setval('experts_id_seq', 3);
      ALTER TABLE experts ENABLE TRIGGER ALL; ALTER TABLE experts ENABLE ALWAYS TRIGGER shout_always;
      CREATE RULE no_insert AS ON INSERT TO experts DO INSTEAD NOTHING;`);
      const states =
        `SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'experts'::regclass AND NOT tgisinternal ORDER BY 1;
      SELECT rulename, ev_enabled FROM pg_rewrite WHERE ev_class = 'experts'::regclass`;
      const [state, children] = [
        await database.psql(states),
        await database.psql("SELECT array_agg(b ORDER BY id) FROM bookings b"),
      ];
      const plan = await planRestoreRows(session, row, OPTIONS);
      assertEquals([plan.inserted, plan.deleted, plan.updated, plan.silenced], [1, 2, 3, 3]);
      assert(await database.psql(CONTENT) !== before, "the plan alone must change nothing");
      const done = await restoreRows(session, row, { ...OPTIONS, safetyCopy: true });
      assertEquals(await database.psql(CONTENT), before);
      assertEquals([
        await database.psql(states),
        await database.psql("SELECT array_agg(b ORDER BY id) FROM bookings b"),
      ], [state, children]);
      assertEquals([done.sequences, await database.psql("SELECT last_value FROM experts_id_seq")], [[
        "public.experts_id_seq",
      ], "20"]);
      assertEquals((await readSnapshots(session)).find(({ id }) => id === done.safetyCopy)?.rowCount, 21);
      assertEquals((await diffSnapshot(session, row, 0)).rows.unchanged, 20);
    },
  );

  Deno.test(
    on("a restore that would break a foreign key changes nothing, with or without the right to be a replica"),
    async () => {
      const database = await server.createDatabase({ sql: SHOP });
      await using session = await installed(database);
      const row = await createOne(session, "experts");
      const bookings = await createOne(session, "bookings");
      await database.psql("INSERT INTO experts (name) VALUES ('new'); INSERT INTO bookings (expert_id) VALUES (21)");
      const state = `${CONTENT}; SELECT count(*) FROM bookings; SELECT count(*) FROM backup.backup_metadata`;
      const before = await database.psql(state);
      const role = `owner_${major}`;
      await database.psql(
        `DO $$ BEGIN CREATE ROLE ${role} BYPASSRLS LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
      ALTER TABLE experts OWNER TO ${role}; ALTER TABLE bookings OWNER TO ${role}; GRANT USAGE, CREATE ON SCHEMA backup TO ${role};
      GRANT SELECT ON ALL TABLES IN SCHEMA backup TO ${role}; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA backup TO ${role};`,
      );
      await using plain = await openSession(await targetOf(database.url));
      await plain.execute(`SET ROLE ${role}`);
      for (const each of [session, plain]) {
        const error = await assertRejects(
          () => restoreRows(each, row, { ...OPTIONS, safetyCopy: each === session }),
          PgstrataError,
          "would not hold",
        );
        assertEquals([error.code, error.context["rows without parent"]], ["refused", 1]);
        assertEquals(await database.psql(state), before);
      }
      // Outgoing: the parent of a row that comes back has gone.
      await database.psql("DELETE FROM experts WHERE id = 9");
      const error = await assertRejects(() => restoreRows(session, bookings, OPTIONS), PgstrataError, "would not hold");
      assertEquals(error.context["child"], "public.bookings");
      // Without rows that others need, the owner alone can do it too.
      await database.psql("DELETE FROM bookings WHERE expert_id = 21");
      await restoreRows(plain, row, OPTIONS);
      assertEquals((await diffSnapshot(session, row, 0)).rows, { added: 0, removed: 0, changed: 0, unchanged: 20 });
    },
  );

  Deno.test(on("rows brings back chosen rows only, and a hostile condition does nothing"), async () => {
    const database = await server.createDatabase({ sql: SHOP });
    await using session = await installed(database);
    const row = await createOne(session, "experts");
    await database.psql(CHANGES);
    await database.psql("ALTER TABLE experts DISABLE RULE no_insert");
    const done = await restoreRows(session, row, { ...OPTIONS, condition: "id IN (2, 15) -- these" });
    assertEquals([done.inserted, done.updated, done.deleted], [1, 1, 0]);
    assertEquals((await diffSnapshot(session, row, 9)).sample.map(({ key }) => key["id"]), ["5", "6", "21"]);
    for (
      const condition of [
        "true); DROP TABLE public.experts; --",
        "1",
        "nonsense",
        "id = 1; DELETE FROM public.experts",
        "true) UNION SELECT (1",
      ]
    ) {
      const error = await assertRejects(() => restoreRows(session, row, { ...OPTIONS, condition }), PgstrataError);
      assertEquals(error.code, "usage", condition);
    }
    assertEquals(await database.psql("SELECT count(*) FROM experts"), "21");
  });

  Deno.test(on("columns that came later keep their values, columns that went are left out"), async () => {
    const database = await server.createDatabase({ sql: SHOP });
    await using session = await installed(database);
    const row = await createOne(session, "experts");
    await database.psql(
      "ALTER TABLE experts ADD COLUMN stars int DEFAULT 3, DROP COLUMN p; UPDATE experts SET stars = 5, name = 'x' WHERE id = 4; DELETE FROM experts WHERE id = 20",
    );
    const done = await restoreRows(session, row, OPTIONS);
    assertEquals([done.untouchedColumns, done.lostColumns], [["stars"], ["p"]]);
    assertEquals(
      await database.psql("SELECT id, name, stars FROM experts WHERE id IN (4, 20) ORDER BY 1"),
      "4|expert 4|5\n20|expert 20|3",
    );
  });

  Deno.test(on("replace works for partitioned tables, and for tables without a key"), async () => {
    const database = await server.createDatabase({
      sql: `
CREATE TABLE log (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
INSERT INTO log SELECT i, date '2026-01-01' + i FROM generate_series(1, 300) AS i;
CREATE TABLE plain (n int); INSERT INTO plain VALUES (1), (1), (NULL);`,
    });
    await using session = await installed(database);
    for (const table of ["log", "plain"]) {
      const row = await createOne(session, table, { withHash: true });
      await database.psql(
        `DELETE FROM ${table} WHERE ${table === "log" ? "id % 3 = 0" : "n = 1"}; INSERT INTO ${table} VALUES (9999${
          table === "log" ? ", '2026-12-30'" : ""
        })`,
      );
      await restoreRows(session, row, OPTIONS);
      const { rows } = await diffSnapshot(session, row, 0);
      assertEquals([rows.added, rows.removed, rows.changed ?? 0], [0, 0, 0], table);
      const [same] = await session.query<{ hash: string }>(
        `SELECT backup.content_hash('public.${table}'::regclass) AS hash`,
      );
      assertEquals(same?.hash, row.contentHash);
    }
  });

  Deno.test(on("restore into a new table brings back the torture tables, definitions and all"), async () => {
    const database = await server.createDatabase("torture");
    await using session = await installed(database);
    const schemas = /^(tables_|types|parts|keys|texts|values_|values|sequences)\./;
    const names = (await allTables(session)).filter((name) => schemas.test(name));
    assert(names.length >= 20, `only ${names.length} tables`);
    const failed: string[] = [];
    let restored = 0;
    for (const name of names) {
      const row = await createOne(session, name, { withHash: true });
      const into = await parseTableName(session, `back_${++restored}`);
      try {
        const done = await restoreInto(session, row, into);
        assertEquals(done.rows, row.rowCount, name);
        const [hash] = await session.query<{ hash: string }>("SELECT backup.content_hash($1::regclass) AS hash", [
          done.table,
        ]);
        assertEquals(hash?.hash, row.contentHash, name);
      } catch (error) {
        if (!(error instanceof PgstrataError)) throw error;
        failed.push(`${name}: ${error.cause instanceof Error ? error.cause.message : error.message}`);
      }
    }
    assertEquals(failed, []);
  });

  Deno.test(on("a new table has keys, defaults and a sequence of its own, and is open to nobody"), async () => {
    const database = await server.createDatabase({
      sql: `${SHOP}
DO $$ BEGIN CREATE ROLE anon; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon;`,
    });
    await using session = await installed(database);
    const row = await createOne(session, "bookings");
    const experts = await createOne(session, "experts");
    const { leftOut } = await restoreInto(session, row, { schema: "public", name: 'odd"; $body$ name' });
    assertEquals(leftOut, ["foreign key bookings_expert_id_fkey"]);
    const table = `"odd""; $body$ name"`;
    assertEquals(await database.psql(`INSERT INTO ${table} (expert_id) VALUES (NULL) RETURNING id`), "11");
    assertEquals(await database.psql("SELECT last_value FROM bookings_id_seq"), "10");
    assertEquals(
      await database.psql(
        `SELECT has_table_privilege('anon', '${table}'::regclass, 'SELECT'), relrowsecurity FROM pg_class WHERE oid = '${table}'::regclass`,
      ),
      "f|t",
    );
    await restoreInto(session, experts, { schema: "public", name: "experts_before" });
    assertEquals(
      await database.psql("INSERT INTO experts_before (name) VALUES ('abc') RETURNING id, twice, amount"),
      "21|6|1.5",
    );
    assertEquals(
      await database.psql(
        "SELECT count(*) FROM pg_constraint WHERE conrelid = 'experts_before'::regclass AND contype IN ('p', 'u')",
      ),
      "2",
    );
    const error = await assertRejects(
      () => restoreInto(session, experts, { schema: "public", name: "experts" }),
      PgstrataError,
      "the name is taken",
    );
    assertEquals(error.code, "refused");
    await database.psql("DROP TABLE experts CASCADE");
    await restoreInto(session, experts, { schema: "public", name: "experts" });
    assertEquals(await database.psql("SELECT count(*) FROM experts"), "20");
    assert(copyName(experts).startsWith("backup."));
  });
}
