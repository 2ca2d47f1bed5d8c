/** Databases whose settings, checks, partitions and owners a restore trips over, and what plain pg_restore loses of them. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { parseManifest } from "../../lib/catalog/mod.ts";
import { compareWithBackup } from "../../lib/verify/mod.ts";
import { type TestDatabase, testedMajors, testServer } from "../../scripts/test_server.ts";
import { backUp, differingLines, dumpText, envOf, restore, targetOf } from "./restore_fixture.ts";

/** What somebody may have set for a database, and what would cut a restore off or change what is written. */
const SETTINGS = {
  client_encoding: "LATIN1",
  standard_conforming_strings: "off",
  quote_all_identifiers: "on",
  default_transaction_read_only: "on",
  statement_timeout: "300",
  idle_in_transaction_session_timeout: "300",
  row_security: "off",
  bytea_output: "escape",
  DateStyle: "SQL, DMY",
};

/** `Ã©` in LATIN1 has the very bytes of `é` in UTF8: where the encoding is taken wrong, it comes back as that. */
const TEXTS = `
CREATE SCHEMA app;
CREATE TABLE app.texts (id int PRIMARY KEY, t text DEFAULT 'a\\b' CHECK (t <> 'q\\'), b bytea);
INSERT INTO app.texts VALUES (1, 'Ã©', '\\x00ff'), (2, '€ 🐘', '\\x5c'), (3, 'back\\slash', ''), (4, 'é', NULL);
`;

const PARTED = `
CREATE SCHEMA parts; CREATE SCHEMA other;
CREATE TABLE parts.root (id int, at date, v text) PARTITION BY RANGE (at);
CREATE TABLE parts.y2020 PARTITION OF parts.root FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE other."y 2021" PARTITION OF parts.root FOR VALUES FROM ('2021-01-01') TO ('2022-01-01') PARTITION BY LIST (id);
CREATE TABLE other.y2021_1 PARTITION OF other."y 2021" FOR VALUES IN (1);
CREATE TABLE other.y2021_rest PARTITION OF other."y 2021" DEFAULT;
INSERT INTO parts.root SELECT i % 3, date '2020-01-01' + i, 'v' FROM generate_series(1, 500) AS i;
ALTER TABLE parts.root ADD UNIQUE (id, at);
CREATE INDEX ON parts.root (v);
`;

const CHECKED = `
CREATE SCHEMA app;
CREATE TABLE app.words (word text PRIMARY KEY); INSERT INTO app.words VALUES ('yes'), ('no');
CREATE FUNCTION app.is_word(t text) RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT EXISTS (SELECT 1 FROM app.words WHERE word = t) $$;
CREATE DOMAIN app.a_word AS text CHECK (app.is_word(VALUE));
CREATE TABLE app.answers (id int PRIMARY KEY, word text CHECK (app.is_word(word))); INSERT INTO app.answers VALUES (1, 'yes');
CREATE TABLE app.also (id int, word app.a_word); INSERT INTO app.also VALUES (1, 'no');
COMMENT ON INDEX app.answers_pkey IS 'of an index';
`;

async function apply(database: TestDatabase, settings: Readonly<Record<string, string>>): Promise<void> {
  const name = `"${database.name}"`;
  await database.psql(
    Object.entries(settings).map(([key, value]) =>
      `ALTER DATABASE ${name} SET ${key} = ${key === "DateStyle" ? value : `'${value}'`};`
    ).join("\n"),
  );
}

for (const major of testedMajors()) {
  const server = await testServer(major);

  /** The database as pg_dump writes it whatever is set for it. */
  const plain = async (database: TestDatabase) => {
    await database.psql(`SET default_transaction_read_only = off; ALTER DATABASE "${database.name}" RESET ALL`);
    return await dumpText(server, database);
  };
  const compare = (folder: string) => async (database: string) => {
    const manifest = parseManifest(await Deno.readTextFile(join(folder, "manifest.json")));
    return await compareWithBackup(targetOf(database), folder, manifest, {
      env: envOf(server),
      signal: new AbortController().signal,
    });
  };

  Deno.test(`settings of a database change neither its backup nor what comes back (PostgreSQL ${major})`, async () => {
    const source = await server.createDatabase({ sql: TEXTS });
    const expected = await dumpText(server, source);
    await apply(source, SETTINGS);
    const folder = await backUp(server, source.url);
    const data = await Deno.readTextFile(join(folder, "app/tables/texts/data.sql"));
    for (const text of ["client_encoding = 'UTF8'", "standard_conforming_strings = on", "Ã©", "€ 🐘"]) {
      assertStringIncludes(data, text);
    }
    for (const options of [{}, { inPlace: true, clean: true }, { tables: ["app.texts"], clean: true }]) {
      const target = await server.createDatabase({ sql: TEXTS });
      await apply(target, SETTINGS);
      const report = await restore(server, folder, target.url, options);
      assertEquals(report.status, "done");
      assert(report.warnings.some((text) => text.includes("default_transaction_read_only")), report.warnings.join());
      const { equal, differences } = await compare(folder)(target.url);
      assertEquals([equal, differences], [true, []]);
      assertEquals(differingLines(await plain(target), expected), []);
    }
    const target = await server.createDatabase({ sql: TEXTS });
    await apply(target, SETTINGS);
    await restore(server, folder, target.url, { tables: ["app.texts"], intoSchema: "rescued" });
    const differ = "SELECT count(*) FROM (SELECT * FROM app.texts EXCEPT SELECT * FROM rescued.texts) AS d";
    assertEquals(await target.psql(`RESET client_encoding; ${differ}`), "0");
  });

  for (const jobs of [1, 4]) {
    Deno.test(`rows whose checks read other tables come back with --jobs ${jobs} (PostgreSQL ${major})`, async () => {
      const source = await server.createDatabase({ sql: CHECKED });
      const folder = await backUp(server, source.url);
      const target = await server.createDatabase("empty");
      assertEquals((await restore(server, folder, target.url, { jobs })).status, "done");
      const expected = await dumpText(server, source);
      assertEquals(differingLines(await dumpText(server, target), expected), []);
      assertEquals((await restore(server, folder, target.url, { inPlace: true, clean: true })).status, "done");
      assertEquals(differingLines(await dumpText(server, target), expected), []);
    });
  }

  // 13 joins a partition in the TABLE entry itself: there is nothing to put off.
  if (major > 13) {
    Deno.test(`partitions come back to parents that stay (PostgreSQL ${major})`, async () => {
      const source = await server.createDatabase({ sql: PARTED });
      const expected = await dumpText(server, source);
      const folder = await backUp(server, source.url);
      const check = async (options: Parameters<typeof restore>[3]) => {
        assertEquals((await restore(server, folder, source.url, { compare: false, ...options })).status, "done");
        assertEquals(differingLines(await dumpText(server, source), expected), []);
      };
      for (const table of ["parts.y2020", "other.y 2021", "other.y2021_1"]) {
        await check({ tables: [table], clean: true });
      }
      await source.psql('DROP TABLE other."y 2021"');
      await check({ tables: ["other.y 2021"] });
      await check({ schemas: ["other"], clean: true });
    });
  }

  Deno.test(`a function that needs a search_path is told as such (PostgreSQL ${major})`, async () => {
    const source = await server.createDatabase({
      sql: `CREATE FUNCTION helper(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN upper(t); END';
        CREATE FUNCTION trap(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN helper(t); END';
        -- Since 17 an index over rows is made with an empty search_path, too.
        CREATE TABLE trapped (t text); CREATE INDEX ON trapped (trap(t)); INSERT INTO trapped VALUES ('a');`,
    });
    const folder = await backUp(server, source.url);
    const target = await server.createDatabase("empty");
    await assertRejects(() => restore(server, folder, target.url, {}), Error, "by its search_path only");
  });

  Deno.test(`a restore that fails leaves no database behind, though it holds a subscription (PostgreSQL ${major})`, async () => {
    const source = await server.createDatabase({ sql: "CREATE TABLE t (id int); INSERT INTO t VALUES (1)" });
    await source.psql(
      "SET client_min_messages = error; CREATE SUBSCRIPTION odd_sub CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)",
    );
    const folder = await backUp(server, source.url);
    const name = `odd_subscribed_${major}`;
    const there = `SELECT count(*) FROM pg_database WHERE datname = '${name}'`;
    const url = server.cluster.url(name);
    const made = await restore(server, folder, url, { createDatabase: true });
    assertEquals(made.status, "done");
    const again = await restore(server, folder, url, { inPlace: true, clean: true });
    assertEquals([again.status, again.leftOut.map(({ kind }) => kind)], ["done", ["SUBSCRIPTION"]]);
    const compare = () => Promise.reject(new Error("the comparison broke"));
    await assertRejects(() => restore(server, folder, url, {}, { compare }));
    assertEquals(await source.psql("SELECT count(*) FROM pg_database WHERE datname ~ '_restore_'"), "0");
    assertEquals(await source.psql(there), "1");
    for (const database of [source, { psql: (sql: string) => server.cluster.psql(sql, { database: name }) }]) {
      await database.psql(
        "ALTER SUBSCRIPTION odd_sub SET (slot_name = NONE); SET client_min_messages = error; DROP SUBSCRIPTION odd_sub",
      );
    }
  });

  Deno.test(`privileges granted by others, and the database's owner, come back (PostgreSQL ${major})`, async () => {
    const source = await server.createDatabase("empty");
    await source.psql(`
      CREATE ROLE odd_owner_${major}; CREATE ROLE odd_grantor; CREATE ROLE odd_grantee;
      CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO odd_grantor;
      ALTER DATABASE "${source.name}" OWNER TO odd_owner_${major};
      GRANT CONNECT ON DATABASE "${source.name}" TO odd_grantee;
      ${
      Array.from({ length: 30 }, (_, n) =>
        `CREATE TABLE app.t${n} (id int);
        GRANT SELECT ON app.t${n} TO odd_grantor WITH GRANT OPTION; SET ROLE odd_grantor;
        GRANT SELECT ON app.t${n} TO odd_grantee; RESET ROLE;`).join("\n")
    }`);
    const folder = await backUp(server, source.url);
    const name = `odd_granted_${major}`;
    const url = server.cluster.url(name);
    const report = await restore(server, folder, url, { createDatabase: true, jobs: 4 });
    assertEquals([report.status, report.warnings], ["done", []]);
    const { differences } = await compare(folder)(url);
    assertEquals(differences, []);
    const owner = `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '${name}'`;
    assertEquals(await source.psql(owner), `odd_owner_${major}`);
    assertEquals(differingLines(await dumpText(server, { name }), await dumpText(server, source)), []);
  });
}
