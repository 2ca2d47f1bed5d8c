import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { RestoreError } from "../../lib/restore/mod.ts";
import { type TestDatabase, testServer } from "../../scripts/test_server.ts";
import { backUp, differingLines, dumpText, restore } from "./restore_fixture.ts";

const server = await testServer(15);

/** Circles, itself, every kind of trigger, a type, a function, a parent, another's foreign key. */
const SOURCE = `
CREATE SCHEMA shop; CREATE SCHEMA other; CREATE SCHEMA log;
CREATE TYPE other.mood AS ENUM ('sad', 'ok');
CREATE FUNCTION other.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log.fired VALUES (tg_name); RETURN new; END $$;
CREATE TABLE log.fired (what text);
CREATE SEQUENCE other.numbers START 100;
CREATE TABLE shop.customers (id int PRIMARY KEY, best int, mood other.mood DEFAULT 'ok');
CREATE TABLE shop.orders (id int PRIMARY KEY DEFAULT nextval('other.numbers'), customer int NOT NULL, parent int REFERENCES shop.orders,
  total numeric GENERATED ALWAYS AS (id * 2) STORED);
ALTER TABLE shop.customers ADD CONSTRAINT best_order FOREIGN KEY (best) REFERENCES shop.orders;
ALTER TABLE shop.orders ADD CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES shop.customers;
CREATE TABLE other.notes (id int GENERATED ALWAYS AS IDENTITY, "order" int REFERENCES shop.orders, note text);
CREATE VIEW shop.totals AS SELECT customer, sum(total) FROM shop.orders GROUP BY customer;
CREATE VIEW other.big AS SELECT * FROM shop.orders WHERE id > 5;
COMMENT ON VIEW other.big IS 'big ones';
GRANT SELECT ON other.big TO PUBLIC;
INSERT INTO shop.customers SELECT i FROM generate_series(1, 20) AS i;
INSERT INTO shop.orders SELECT i, i, nullif(i - 1, 0) FROM generate_series(1, 20) AS i;
UPDATE shop.customers SET best = id;
INSERT INTO other.notes ("order", note) SELECT i, 'note ' || i FROM generate_series(1, 20) AS i;
CREATE TRIGGER ordinary AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION other.stamp();
CREATE TRIGGER always AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION other.stamp();
ALTER TABLE shop.orders ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER replica AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION other.stamp();
ALTER TABLE shop.orders ENABLE REPLICA TRIGGER replica;
CREATE TABLE shop.parts (id int) PARTITION BY RANGE (id);
CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES FROM (0) TO (10);
CREATE TABLE shop.parts_2 PARTITION OF shop.parts FOR VALUES FROM (10) TO (20);
CREATE INDEX ON shop.parts (id);
INSERT INTO shop.parts SELECT generate_series(0, 19);
`;

const source = await server.createDatabase({ sql: SOURCE });
const folder = await backUp(server, source.url);
const whole = await dumpText(server, source);

/** A copy of the source, to be spoilt. */
const copy = () => server.createDatabase({ sql: SOURCE });

/** One by one: pg_dump's order of tables in a circle depends on their OIDs. */
async function assertEqualTables(target: TestDatabase, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const part = { tables: [table] };
    assertEquals(differingLines(await dumpText(server, target, part), await dumpText(server, source, part)), []);
  }
}

Deno.test("restore --data-only fills circles of foreign keys, and no trigger of any kind fires", async () => {
  const target = await copy();
  await target.psql(
    "SET session_replication_role = replica; DELETE FROM shop.orders; UPDATE shop.customers SET best = NULL",
  );
  const report = await restore(server, folder, target.url, { content: "data-only", clean: true });
  assertEquals([report.way, report.status], ["in_place", "done"]);
  assertEquals(differingLines(await dumpText(server, target), whole), []);
  assertEquals(await target.psql("SELECT count(*) FROM log.fired"), "0");
});

for (const tier of ["schema", "table"] as const) {
  Deno.test(`restore --data-only from the ${tier} tier does the same`, async () => {
    const target = await copy();
    await target.psql(
      "SET session_replication_role = replica; DELETE FROM shop.orders; ALTER SEQUENCE other.notes_id_seq RESTART",
    );
    const report = await restore(server, folder, target.url, {
      content: "data-only",
      clean: true,
      tier,
      tables: ["shop.orders", "shop.customers", "other.notes"].slice(tier === "schema" ? 2 : 0),
    });
    // The rows of other.notes point at orders that nobody restored.
    assertEquals([report.status, report.tier], [tier === "schema" ? "differs" : "done", tier]);
    assertEquals(
      report.warnings.filter((text) => text.includes("not there")),
      tier === "schema"
        ? [
          "20 rows of other.notes point to rows of shop.orders that are not there (notes_order_fkey): restore shop.orders, too",
        ]
        : [],
    );
    const count = tier === "schema" ? "0|20|20" : "20|20|20";
    const counts =
      `SELECT (SELECT count(*) FROM shop.orders), (SELECT count(*) FROM other.notes), last_value FROM other.notes_id_seq`;
    assertEquals(await target.psql(counts), count);
    assertEquals(await target.psql("SELECT count(*) FROM log.fired"), "0");
  });
}

Deno.test("restore --data-only that fails has not touched the sequences, whose values no transaction brings back", async () => {
  const target = await copy();
  await target.psql(
    "ALTER SEQUENCE other.notes_id_seq RESTART 777; ALTER TABLE shop.parts_2 ADD CHECK (id < 15) NOT VALID",
  );
  await assertRejects(() => restore(server, folder, target.url, { content: "data-only", clean: true }), PgstrataError);
  assertEquals(await target.psql("SELECT last_value FROM other.notes_id_seq"), "777");
});

Deno.test("restore --data-only of a table keeps rows of others that point at it", async () => {
  const target = await copy();
  await target.psql("UPDATE shop.orders SET parent = NULL; UPDATE other.notes SET note = 'newer' WHERE id = 3");
  const report = await restore(server, folder, target.url, {
    content: "data-only",
    clean: true,
    tables: ["shop.orders"],
  });
  assertEquals(report.overwritten, [{ object: "rows of shop.orders", rows: 20, estimated: false }]);
  assertEquals(await target.psql("SELECT note FROM other.notes WHERE id = 3"), "newer");
  assertEquals(await target.psql("SELECT count(*) FROM shop.orders WHERE parent = id - 1"), "19");
});

Deno.test("restore --data-only refuses tables with rows without --clean", async () => {
  const target = await copy();
  const error = await assertRejects(() => restore(server, folder, target.url, { content: "data-only" }), PgstrataError);
  assertEquals(error.code, "refused");
  assertStringIncludes(error.message, "the target's tables are not empty");
});

Deno.test("restore --data-only without replica mode loads in the order of the foreign keys, and refuses circles", async () => {
  await server.cluster.psql("CREATE ROLE plain LOGIN");
  const target = await server.createDatabase({
    sql: `CREATE TABLE z (id int PRIMARY KEY); CREATE TABLE a (id int REFERENCES z);
      INSERT INTO z VALUES (1), (2); INSERT INTO a VALUES (1), (2);
      CREATE TABLE c1 (id int PRIMARY KEY, x int); CREATE TABLE c2 (id int PRIMARY KEY REFERENCES c1);
      ALTER TABLE c1 ADD FOREIGN KEY (x) REFERENCES c2;
      ALTER TABLE a OWNER TO plain; ALTER TABLE z OWNER TO plain; ALTER TABLE c1 OWNER TO plain; ALTER TABLE c2 OWNER TO plain;`,
  });
  const backup = await backUp(server, target.url);
  const url = target.url.replace("postgres@", "plain@");
  const options = { content: "data-only", clean: true, roles: false } as const;
  const report = await restore(server, backup, url, { ...options, tables: ["a", "z"] });
  assertEquals(report.status, "done");
  assertEquals(await target.psql("SELECT count(*) FROM a"), "2");
  const error = await assertRejects(
    () => restore(server, backup, url, { ...options, tables: ["c1", "c2"] }),
    PgstrataError,
  );
  assertStringIncludes(error.message, "foreign keys make a circle");
});

Deno.test("restore --table brings a lost table back with what it needs and the target lacks", async () => {
  const target = await copy();
  await target.psql(
    "DROP TABLE other.notes, shop.customers, shop.orders CASCADE; DROP SEQUENCE other.numbers; DROP TYPE other.mood",
  );
  const report = await restore(server, folder, target.url, { tables: ["shop.customers", "shop.orders"] });
  assertEquals(report.status, "done");
  await assertEqualTables(target, ["shop.customers", "shop.orders"]);
  assertEquals(await target.psql("SELECT nextval('other.numbers'), 'sad'::other.mood"), "100|sad");
});

Deno.test("restore --table leaves out a foreign key whose other table is not there, and says so", async () => {
  const target = await server.createDatabase();
  const report = await restore(server, folder, target.url, { tables: ["other.notes"] });
  assertEquals(report.leftOut.map(({ kind, reason }) => [kind, reason]), [
    ["FK CONSTRAINT", "refers to shop.orders, which is not there"],
  ]);
  assertEquals(await target.psql('SELECT count("order") FROM other.notes'), "20");
});

Deno.test("restore --table --clean replaces a table and the foreign keys of others that point at it", async () => {
  const target = await copy();
  await target.psql(
    "DELETE FROM other.notes WHERE id = 20; DROP VIEW shop.totals, other.big; ALTER TABLE shop.orders ADD COLUMN extra int",
  );
  const report = await restore(server, folder, target.url, { tables: ["shop.orders"], clean: true });
  assertEquals(report.overwritten, [{ object: "table shop.orders", rows: 20, estimated: false }]);
  await assertEqualTables(target, ["shop.orders", "shop.customers"]);
  const keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'shop.orders'::regclass";
  assertEquals([await target.psql(keys), await source.psql(keys)], ["3", "3"]);
});

Deno.test("restore --table --clean drops nothing that a view outside of the choice needs; all is as before", async () => {
  const target = await copy();
  const before = await dumpText(server, target);
  const error = await assertRejects(
    () => restore(server, folder, target.url, { tables: ["shop.orders"], clean: true }),
    PgstrataError,
  );
  assertStringIncludes(error.message, "objects that are not being restored depend on what is to be replaced");
  assert(error instanceof RestoreError);
  // It is known before anybody is asked and before the safety backup.
  assertEquals([error.exit, error.report.safetyBackup, error.report.undo], [7, null, null]);
  assertStringIncludes(String(error.context["dependents"]), "view shop.");
  assertEquals(differingLines(await dumpText(server, target), before), []);
});

Deno.test("restore --table of a partitioned table brings its partitions along", async () => {
  const target = await server.createDatabase();
  await restore(server, folder, target.url, { tables: ["shop.parts"] });
  assertEquals(await target.psql("SELECT count(*), count(DISTINCT tableoid) FROM shop.parts"), "20|2");
});

Deno.test("restore --table from the table tier restores from the table's own files", async () => {
  const target = await copy();
  await target.psql("DROP TABLE other.notes");
  const report = await restore(server, folder, target.url, { tables: ["other.notes"], tier: "table" });
  assertEquals([report.tier, report.status], ["table", "done"]);
  assertEquals(differingLines(await dumpText(server, target), whole), []);
});

Deno.test("restore --schema replaces a schema with everything in it, what is not in the backup is named", async () => {
  const target = await copy();
  await target.psql(`CREATE TABLE shop.newcomer (id int); DELETE FROM shop.parts WHERE id < 5; DROP VIEW shop.totals;
    CREATE VIEW other.mine AS SELECT FROM shop.orders`);
  const refused = await assertRejects(() => restore(server, folder, target.url, { schemas: ["shop"] }), PgstrataError);
  assertEquals(refused.code, "refused");
  const report = await restore(server, folder, target.url, { schemas: ["shop"], clean: true });
  const rows = new Map(report.overwritten.map((each) => [each.object, each.rows]));
  assertEquals([rows.get("table shop.newcomer (not in the backup)"), rows.get("table shop.parts_1")], [0, 5]);
  assertEquals([...rows.keys()].filter((object) => object.includes("(depends on what is replaced")), [
    "table constraint notes_order_fkey on other.notes (depends on what is replaced: restored with it)",
    "view other.big (depends on what is replaced: restored with it)",
    "view other.mine (depends on what is replaced: LOST)",
  ]);
  assertEquals(await target.psql("SELECT count(*) FROM other.big"), "15");
  assertEquals(differingLines(await dumpText(server, target), whole), []);
});

Deno.test("restore --schema from the schema's own archive works the same", async () => {
  const target = await copy();
  await target.psql("DROP SCHEMA log CASCADE");
  const report = await restore(server, folder, target.url, { schemas: ["log"], tier: "schema" });
  assertEquals([report.tier, report.status], ["schema", "done"]);
  assertEquals(await target.psql("SELECT count(*) FROM log.fired"), "0");
});

Deno.test("restore --schema-only restores definitions and no rows", async () => {
  const target = await server.createDatabase();
  await restore(server, folder, target.url, { content: "schema-only" });
  const args = ["--schema-only"];
  assertEquals(differingLines(await dumpText(server, target, { args }), await dumpText(server, source, { args })), []);
  assertEquals(await target.psql("SELECT count(*) FROM shop.orders"), "0");
});

Deno.test("restore --into-schema puts tables beside the living ones: changed, with lost columns, or gone", async () => {
  const target = await copy();
  await target.psql(
    `DROP TABLE other.notes; ALTER TABLE shop.customers DROP COLUMN mood; ALTER TABLE shop.customers ADD COLUMN since date NOT NULL DEFAULT now();
    UPDATE shop.orders SET parent = NULL`,
  );
  const living = await dumpText(server, target);
  const report = await restore(server, folder, target.url, {
    tables: ["shop.orders", "shop.customers", "other.notes"],
    intoSchema: "Rescued here",
  });
  assertEquals([report.way, report.status], ["beside", "done"]);
  assertEquals(await target.psql('SELECT count(parent), sum(total) FROM "Rescued here".orders'), "19|420");
  assertEquals(await target.psql('SELECT count(mood), count(since) FROM "Rescued here".customers'), "20|0");
  assertEquals(await target.psql('SELECT count(note) FROM "Rescued here".notes'), "20");
  await target.psql('DROP SCHEMA "Rescued here" CASCADE');
  assertEquals(differingLines(await dumpText(server, target), living), []);
  await target.psql("CREATE SCHEMA taken; CREATE TABLE taken.orders ()");
  const error = await assertRejects(
    () => restore(server, folder, target.url, { tables: ["shop.orders"], intoSchema: "taken" }),
    PgstrataError,
  );
  assertEquals(error.code, "refused");
});

Deno.test("restore --create-db makes the database with its comment and settings", async () => {
  const from = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
  await from.psql(
    `COMMENT ON DATABASE ${from.name} IS 'it''s; mine'; ALTER DATABASE ${from.name} SET search_path = x, public;
    ALTER DATABASE ${from.name} SET work_mem = '9MB'`,
  );
  const backup = await backUp(server, from.url);
  const name = "Brand new";
  const report = await restore(server, backup, server.cluster.url(name), { createDatabase: true });
  assertEquals(report.status, "done");
  const properties = (database: string) =>
    server.cluster.psql(`SELECT shobj_description(d.oid, 'pg_database'), s.setconfig FROM pg_database d
      LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE datname = '${database}'`);
  assertEquals(await properties(name), await properties(from.name));
  const again = await assertRejects(
    () => restore(server, backup, server.cluster.url(name), { createDatabase: true }),
    PgstrataError,
  );
  assertEquals(again.code, "refused");
});
