import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { PgstrataError, quoteLiteral } from "../../lib/base/mod.ts";
import { openSession } from "../../lib/connection/mod.ts";
import { copyName, readSnapshots } from "../../lib/snapshot/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { allTables, create, installed, targetOf, untilWaiting } from "./snapshot_fixture.ts";

for (const major of testedMajors()) {
  const server = await testServer(major);
  const on = (name: string) => `${name} (PostgreSQL ${major})`;

  Deno.test(on("create copies every torture table with the same rows and columns"), async () => {
    const database = await server.createDatabase("torture");
    await using session = await installed(database);
    const names = await allTables(session);
    const foreign = await assertRejects(() => create(session, ["remote.parted"]), PgstrataError);
    assertEquals(String(foreign.cause), "Error: remote.parted has partitions on other servers");
    const tables = names.filter((name) => name !== "remote.parted");
    const made = await create(session, tables, { withIndexes: true });
    assertEquals(made.length, tables.length);
    for (const [index, row] of made.entries()) {
      const name = tables[index] ?? "";
      // COPY text is the judge of rows; the catalog of columns. Sorted, since COPY keeps no order.
      const from = (await session.query<{ only: string }>(
        `SELECT CASE relkind WHEN 'r' THEN 'ONLY ' ELSE '' END AS only FROM pg_class WHERE oid = ${
          quoteLiteral(name)
        }::regclass`,
      ))[0]?.only;
      const rows = async (table: string) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of session.copyOut(`COPY (SELECT * FROM ${table}) TO STDOUT`)) {
          chunks.push(chunk.slice());
        }
        return (await new Blob(chunks as BlobPart[]).text()).split("\n").toSorted();
      };
      assertEquals(await rows(copyName(row)), await rows(`${from}${name}`), name);
      const columns = (table: string) =>
        session.query(
          `SELECT attname, format_type(atttypid, atttypmod) AS type, attcollation::text AS collation, col_description(attrelid, attnum) AS comment
             FROM pg_attribute WHERE attrelid = ${
            quoteLiteral(table)
          }::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
        );
      assertEquals(await columns(copyName(row)), await columns(name), name);
    }
    assert(names.length > 100, `only ${names.length} tables in the fixture`);
    const tied = await database.psql(`SELECT count(*) FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid
      JOIN backup.backup_metadata m ON m.backup_table = c.relname WHERE c.relnamespace = 'backup'::regnamespace`);
    assertEquals(tied, "0", "a copied default ties the copy to the living sequence");
  });

  Deno.test(on("the call of the documents works from plain psql"), async () => {
    const database = await server.createDatabase({
      sql: "CREATE TABLE experts (id serial PRIMARY KEY, n int DEFAULT 7); INSERT INTO experts DEFAULT VALUES",
    });
    await using session = await installed(database);
    const name = await database.psql("SELECT backup.create_table_backup('experts', 'Pre-v2.0 migration backup')");
    assertMatch(name, /^experts_backup_\d{4}_\d{2}_\d{2}_\d{6}$/);
    assertEquals(await database.psql(`SELECT * FROM backup.${name}`), "1|7");
    const [row] = await readSnapshots(session);
    assertEquals([row?.reason, row?.kind, row?.rowCount, row?.status], [
      "Pre-v2.0 migration backup",
      "pre-migration",
      1,
      "present",
    ]);
    assertMatch(
      await database.psql("SELECT definition FROM backup.backup_metadata"),
      /nextval\('public\.experts_id_seq'::regclass\)/,
    );
    await database.psql("DROP TABLE experts");
    assertEquals(await database.psql(`SELECT count(*) FROM backup.${name}`), "1");
  });

  Deno.test(on("hostile names, reasons and kinds inject nothing"), async () => {
    const long = "ü".repeat(31);
    const names = [
      `a"; DROP TABLE victim; --`,
      `it's`,
      "sp ace",
      "Üñï 😀",
      long,
      `${"x".repeat(62)}1`,
      `${"x".repeat(62)}2`,
      "$body$",
      "%I%s",
      "a.b",
    ];
    const database = await server.createDatabase({
      sql: "CREATE TABLE victim (id int); INSERT INTO victim VALUES (1)",
    });
    await using session = await installed(database);
    for (const name of names) {
      await session.execute(
        `CREATE TABLE public."${name.replaceAll('"', '""')}" ("c""o'l" int); COMMENT ON COLUMN public."${
          name.replaceAll('"', '""')
        }"."c""o'l" IS 'it''s; DROP'`,
      );
      const reason = `'; DROP TABLE victim; -- ${name} \\`;
      const [made] = await session.query<{ copy: string }>("SELECT backup.create_table_backup($1, $2) AS copy", [
        name,
        reason,
      ]);
      const rows = await session.query<{ reason: string; original_table: string }>(
        "SELECT reason, original_table FROM backup.backup_metadata WHERE backup_table = $1",
        [made?.copy],
      );
      assertEquals(rows, [{ reason, original_table: name }]);
      assert(new TextEncoder().encode(made?.copy).length <= 63);
    }
    for (
      const [table, kind] of [["'); DROP TABLE victim; --", "daily"], ["victim", "daily'; DROP TABLE victim"], [
        `${"x".repeat(62)}1y`,
        "daily",
      ], [`"unclosed`, "daily"]]
    ) {
      await assertRejects(() => session.query("SELECT backup.create_table_backup($1, 'r', $2)", [table, kind]));
    }
    await assertRejects(() => session.query("SELECT backup.create_table_backup('victim', ' ')"));
    const copies = await readSnapshots(session);
    assertEquals(new Set(copies.map(({ backupTable }) => backupTable)).size, names.length);
    assertEquals(await database.psql("SELECT count(*) FROM victim"), "1");
  });

  Deno.test(on("several tables of one call show one instant under concurrent writers"), async () => {
    const database = await server.createDatabase({
      sql:
        "CREATE TABLE a (n int); CREATE TABLE b (n int); INSERT INTO a SELECT generate_series(1, 20000); INSERT INTO b SELECT n FROM a",
    });
    await using session = await installed(database);
    await using writer = await openSession(await targetOf(database.url));
    let writing = true;
    let written = 0;
    const writes = (async () => {
      for (let n = 30_000; writing; n++) {
        await writer.execute(`BEGIN; INSERT INTO public.a VALUES (${n}); INSERT INTO public.b VALUES (${n}); COMMIT`);
        written++;
      }
    })();
    const sizes: number[] = [];
    try {
      for (let round = 0; round < 5; round++) {
        const [a, b] = await create(session, ["a", "b"]);
        assert(a !== undefined && b !== undefined);
        assertEquals(a.rowCount, b.rowCount);
        // Each number is written to both in one transaction: a number in one copy alone shows two instants.
        const alone = `SELECT n FROM ${copyName(a)} EXCEPT ALL SELECT n FROM ${copyName(b)}`;
        assertEquals(await session.query(alone), []);
        sizes.push(a.rowCount);
      }
    } finally {
      writing = false;
      await writes;
    }
    assert(written > 0 && new Set(sizes).size > 1, `the writer never wrote in between: ${sizes}`);
  });

  Deno.test(on("two creates at once both succeed, with names of their own"), async () => {
    const database = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT generate_series(1, 1000) AS n" });
    await using session = await installed(database);
    await using other = await openSession(await targetOf(database.url));
    await session.execute("BEGIN");
    const [first] = await session.query<{ name: string }>("SELECT backup.create_table_backup('t', 'first') AS name");
    // The first has not committed: the second neither waits for it nor takes its name.
    const name = first?.name ?? "";
    const [free] = await other.query<{ name: string }>("SELECT backup.free_name('t', $1) AS name", [name.slice(1)]);
    assertEquals(free?.name, `${name}_2`);
    const [second] = await other.query<{ name: string }>("SELECT backup.create_table_backup('t', 'second') AS name");
    await session.execute("COMMIT");
    assertNotEquals(name, second?.name);
    assertEquals((await readSnapshots(session)).length, 2);
  });

  Deno.test(
    on("a table that others have locked is refused after lock_timeout, and nobody is kept waiting"),
    async () => {
      const database = await server.createDatabase({ sql: "CREATE TABLE t (n int); CREATE TABLE u (n int)" });
      await using session = await installed(database);
      await using other = await openSession(await targetOf(database.url));
      await other.execute("BEGIN; LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE");
      const error = await assertRejects(() => create(session, ["u", "t"], { lockTimeout: 100 }), PgstrataError);
      assertEquals([error.code, error.message.includes("is locked by others")], ["refused", true]);
      await other.execute("ROLLBACK");
      assertEquals(await readSnapshots(session), []);
    },
  );

  Deno.test(on("a create ended at any step leaves nothing"), async () => {
    const database = await server.createDatabase({
      sql: "CREATE TABLE t AS SELECT generate_series(1, 1000) AS n; CREATE TABLE u (n int)",
    });
    await using session = await installed(database);
    const traces =
      "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'backup'::regnamespace AND relkind = 'r'), (SELECT count(*) FROM backup.backup_metadata)";
    const before = await database.psql(traces);
    for (
      const blocked of ["public.t", "public.u", "backup.settings", "backup.backup_metadata", "backup.granted_roles"]
    ) {
      await using blocker = await openSession(await targetOf(database.url));
      await using maker = await openSession(await targetOf(database.url));
      await blocker.execute(`BEGIN; LOCK TABLE ${blocked} IN ACCESS EXCLUSIVE MODE`);
      const making = maker.query(
        "SELECT backup.create_snapshot('public', 't', 'r'), backup.create_snapshot('public', 'u', 'r')",
      );
      const failed = assertRejects(() => making);
      await untilWaiting(session);
      await session.query("SELECT pg_terminate_backend($1::int4)", [maker.backendPid]);
      await failed;
      await blocker.execute("ROLLBACK");
      assertEquals(await database.psql(traces), before, blocked);
    }
  });

  Deno.test(on("a table larger than the limit or the room is refused unless told"), async () => {
    const database = await server.createDatabase({
      sql: "CREATE TABLE t AS SELECT repeat('x', 1000) AS s FROM generate_series(1, 2000)",
    });
    await using session = await installed(database);
    assertEquals(
      (await assertRejects(() => create(session, ["t"], { maxBytes: 100_000 }), PgstrataError)).code,
      "refused",
    );
    assertEquals(
      (await assertRejects(() => create(session, ["t"], { freeBytes: 1_000_000 }), PgstrataError)).code,
      "no_room",
    );
    await session.execute("UPDATE backup.settings SET max_table_bytes = 100000");
    await assertRejects(() => session.query("SELECT backup.create_table_backup('t', 'r')"));
    assertEquals((await create(session, ["t"], { maxBytes: 100_000_000, freeBytes: 1e9 })).length, 1);
  });
}
