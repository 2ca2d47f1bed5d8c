/** Databases that a drill, or the reading of a backup, trips over. */
import { assertEquals } from "@std/assert";
import { verifyBackup } from "../../lib/verify/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { drill, lines, makeBackup, verifyDeps } from "./verify_fixture.ts";

/** A check that reads another table, in other schemas whose archives come first; what 18 does not check. */
const SOURCE = `
CREATE SCHEMA a; CREATE SCHEMA z;
CREATE TABLE z.words (word text PRIMARY KEY); INSERT INTO z.words VALUES ('yes');
CREATE FUNCTION z.is_word(t text) RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT EXISTS (SELECT 1 FROM z.words WHERE word = t) $$;
CREATE TABLE a.answers (word text CHECK (z.is_word(word))); INSERT INTO a.answers VALUES ('yes');
`;
const UNPROVEN = `
CREATE TABLE a.unproven (n int); INSERT INTO a.unproven VALUES (NULL), (1);
ALTER TABLE a.unproven ADD CONSTRAINT unproven_n NOT NULL n NOT VALID;
COMMENT ON CONSTRAINT unproven_n ON a.unproven IS 'not all';
`;

for (const major of testedMajors()) {
  const server = await testServer(major);

  Deno.test(`every tier of an odd database comes back, subscriptions too (PostgreSQL ${major})`, async () => {
    const database = await server.createDatabase({ sql: major < 18 ? SOURCE : SOURCE + UNPROVEN });
    await database.psql(
      "SET client_min_messages = error; CREATE SUBSCRIPTION drill_sub CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)",
    );
    const backup = await makeBackup(database.url, server.tools);
    await database.psql("ALTER SUBSCRIPTION drill_sub SET (slot_name = NONE); DROP SUBSCRIPTION drill_sub");
    const report = await drill(server.tools, backup, { tiers: ["full", "schema", "table"] });
    for (const { tier, state, comparison, errors } of report.tiers) {
      assertEquals([tier, state, lines(comparison), errors], [tier, "good", [], []]);
    }
  });
}

const own = await testServer();
for (const encoding of ["SQL_ASCII", "LATIN1"]) {
  Deno.test(`a schema whose text is UTF-8 is whole where another's is not (${encoding})`, async () => {
    const name = `mixed_${encoding.toLowerCase()}`;
    await own.cluster.psql(`CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`);
    await own.cluster.psql(
      `SET client_encoding = '${encoding}'; CREATE SCHEMA one; CREATE SCHEMA two;
       CREATE TABLE one.t (v text DEFAULT E'\\303\\251'); CREATE TABLE two.t (v text DEFAULT E'\\351');
       INSERT INTO one.t DEFAULT VALUES; INSERT INTO two.t DEFAULT VALUES`,
      { database: name },
    );
    const { folder, manifest } = await makeBackup(own.cluster.url(name), own.tools);
    assertEquals(manifest.status, "complete");
    const { findings } = await verifyBackup(folder, verifyDeps(own.tools));
    assertEquals(findings, []);
  });
}
