import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseManifest } from "../../lib/catalog/mod.ts";
import { compareWithBackup } from "../../lib/verify/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { backUp, differingLines, dumpText, envOf, restore, targetOf } from "./restore_fixture.ts";

const server = await testServer(15);

/** A table that needs what is told apart by types, and on which others hang. */
const SOURCE = `
CREATE SCHEMA shop; CREATE SCHEMA lib; CREATE SCHEMA guard;
CREATE TYPE lib.pair AS (a int, b "char");
CREATE FUNCTION lib.loud("te xt" text, VARIADIC more "char"[] DEFAULT '{}') RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT upper($1) $$;
CREATE FUNCTION lib.same(one lib.pair, two lib.pair) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT (one).a = (two).a $$;
CREATE FUNCTION lib.negative(one lib.pair) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT (one).a < 0 $$;
CREATE OPERATOR lib.=== (LEFTARG = lib.pair, RIGHTARG = lib.pair, FUNCTION = lib.same);
CREATE OPERATOR lib.!!! (RIGHTARG = lib.pair, FUNCTION = lib.negative);
CREATE TABLE shop.people (id int PRIMARY KEY, name text, loud text GENERATED ALWAYS AS (lib.loud(name)) STORED, p lib.pair,
  CHECK (p OPERATOR(lib.===) p), CHECK (NOT OPERATOR(lib.!!!) p));
CREATE TABLE shop.orders (id int PRIMARY KEY, who int CONSTRAINT of_person REFERENCES shop.people);
CREATE TABLE guard.secrets (id int PRIMARY KEY);
ALTER TABLE guard.secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY known ON guard.secrets AS RESTRICTIVE USING (EXISTS (SELECT FROM shop.people WHERE people.id = secrets.id));
CREATE VIEW guard.names AS SELECT name FROM shop.people;
CREATE PUBLICATION sold FOR TABLE shop.orders;
CREATE PUBLICATION all_of_shop FOR TABLES IN SCHEMA shop;
INSERT INTO shop.people VALUES (1, 'ann', DEFAULT, '(1,x)'); INSERT INTO shop.orders VALUES (1, 1);
SELECT lo_from_bytea(4711, 'as it was'); GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;
`;

const source = await server.createDatabase({ sql: SOURCE });
const folder = await backUp(server, source.url);
const whole = await dumpText(server, source);
const copy = () => server.createDatabase({ sql: SOURCE });

for (const intoSchema of [null, "rescued"]) {
  const way = intoSchema === null ? "in its place" : "into a schema";
  Deno.test(`restore --table ${way} knows functions and operators that the target has, by their types`, async () => {
    const target = await copy();
    if (intoSchema === null) await target.psql("DROP TABLE shop.orders, shop.people CASCADE");
    const report = await restore(server, folder, target.url, { tables: ["shop.people"], intoSchema });
    assertEquals(report.status, "done");
    const rows = `SELECT t FROM ${intoSchema ?? "shop"}.people AS t`;
    assertEquals(await target.psql(rows), '(1,ann,ANN,"(1,x)")');
  });
}

Deno.test("restore --table brings functions and operators along whose argument types are gone, too", async () => {
  const target = await copy();
  await target.psql("DROP TABLE shop.orders, shop.people CASCADE; DROP SCHEMA lib CASCADE");
  const report = await restore(server, folder, target.url, { tables: ["shop.people", "shop.orders"] });
  assertEquals(report.status, "done");
  for (const part of [{ tables: ["shop.people"] }, { tables: ["shop.orders"] }]) {
    assertEquals(differingLines(await dumpText(server, target, part), await dumpText(server, source, part)), []);
  }
  const operators =
    "SELECT string_agg(oid::regoperator::text, ' ' ORDER BY oprname) FROM pg_operator WHERE oid >= 16384";
  assertEquals(await target.psql(operators), await source.psql(operators));
});

Deno.test("restore --table names what DROP TABLE CASCADE took from other tables and what stays missing", async () => {
  const target = await copy();
  await target.psql("DROP TABLE shop.people CASCADE");
  const report = await restore(server, folder, target.url, { tables: ["shop.people"] });
  const [warning, ...others] = report.warnings.filter((text) => text.includes("nobody chose"));
  assertEquals(others, []);
  for (const lost of ["foreign key shop.orders of_person", "policy guard.secrets known", "view guard.names"]) {
    assertStringIncludes(warning ?? "", lost);
  }
  const nothing = await restore(server, folder, (await copy()).url, { tables: ["shop.orders"], clean: true });
  assertEquals(nothing.warnings.filter((text) => text.includes("nobody chose")), []);
});

Deno.test("a view that groups by the table's key, which pg_dump makes in two steps, is named, too", async () => {
  const sql = `CREATE TABLE bills (id int PRIMARY KEY, who text); CREATE TABLE lines (bill int, cents int);
    CREATE VIEW sums AS SELECT b.id, b.who, sum(l.cents) FROM bills AS b JOIN lines AS l ON l.bill = b.id GROUP BY b.id;`;
  const target = await server.createDatabase({ sql });
  const backup = await backUp(server, target.url);
  await target.psql("DROP TABLE bills CASCADE");
  const report = await restore(server, backup, target.url, { tables: ["bills"] });
  assertStringIncludes(report.warnings.join("\n"), "nobody chose it: the backup has view public.sums, which");
});

for (const part of [{ schemas: ["shop"] }, { tables: ["shop.orders"] }]) {
  Deno.test(`restore of ${JSON.stringify(part)} puts tables back into their publications`, async () => {
    const target = await copy();
    await target.psql("DROP POLICY known ON guard.secrets; DROP VIEW guard.names");
    const report = await restore(server, folder, target.url, { ...part, clean: true });
    assertEquals([report.status, report.warnings.filter((text) => text.includes("publication"))], ["done", []]);
    const members =
      "SELECT string_agg(format('%s %s', pubname, tablename), ', ' ORDER BY 1) FROM pg_publication_tables";
    assertEquals(await target.psql(members), await source.psql(members));
  });
}

Deno.test("restore says which publication a table stays out of, since the target has none of that name", async () => {
  const target = await copy();
  await target.psql("DROP TABLE shop.orders; DROP PUBLICATION sold");
  const report = await restore(server, folder, target.url, { tables: ["shop.orders"] });
  assertEquals(report.warnings.filter((text) => text.includes("publication")), [
    "table shop.orders is not put into publication sold: the target lacks it",
  ]);
});

Deno.test("restore --data-only --clean of everything replaces the large objects, too", async () => {
  const target = await copy();
  await target.psql("SELECT lo_put(4711, 0, 'zz'), lo_from_bytea(4712, 'new'); DELETE FROM shop.orders");
  const report = await restore(server, folder, target.url, { content: "data-only", clean: true });
  assertEquals(report.overwritten.map(({ object }) => object), ["rows of shop.people", "2 large objects"]);
  assertEquals(differingLines(await dumpText(server, target), whole), []);
});

Deno.test("what stands in no schema is not called extra where the backup has archives of schemas only", async () => {
  const schemas = await backUp(server, source.url, { tiers: ["schema"] });
  const manifest = parseManifest(await Deno.readTextFile(`${schemas}/manifest.json`));
  const options = { env: envOf(server), signal: new AbortController().signal };
  const comparison = await compareWithBackup(targetOf(source.url), schemas, manifest, options);
  assertEquals(comparison.differences, []);
  assertEquals(comparison.notCompared.map(({ object }) => object), [
    "what stands in no schema (casts, publications, servers, event triggers)",
  ]);
});

Deno.test("without privileges those of large objects are not missed either", async () => {
  const target = await copy();
  await target.psql("REVOKE ALL ON LARGE OBJECT 4711 FROM PUBLIC");
  const manifest = parseManifest(await Deno.readTextFile(`${folder}/manifest.json`));
  const options = { env: envOf(server), signal: new AbortController().signal };
  const compare = (privileges: boolean) =>
    compareWithBackup(targetOf(target.url), folder, manifest, { ...options, privileges });
  assertEquals((await compare(false)).differences, []);
  assertEquals((await compare(true)).differences.map(({ object }) => object), ["ACL ON LARGE OBJECT 4711"]);
});

for (const [tiers, tier] of [[["schema"], null], [["full", "table"], "table"]] as const) {
  Deno.test(`the ${tier ?? tiers[0]} tier brings the database's settings along, which stand in archives only`, async () => {
    const from = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
    await from.psql(`COMMENT ON DATABASE ${from.name} IS 'mine'; ALTER DATABASE ${from.name} SET work_mem = '9MB'`);
    const backup = await backUp(server, from.url, { tiers: [...tiers] });
    const name = `settings_${tiers.join("_")}`;
    const report = await restore(server, backup, server.cluster.url(name), { createDatabase: true, tier });
    assertEquals([report.status, report.warnings], ["done", []]);
    const properties = `SELECT shobj_description(d.oid, 'pg_database'), s.setconfig FROM pg_database AS d
      JOIN pg_db_role_setting AS s ON s.setdatabase = d.oid WHERE datname = '${name}'`;
    assertEquals(await server.cluster.psql(properties), "mine|{work_mem=9MB}");
  });
}

Deno.test("without any archive it is said that the database's settings are not there", async () => {
  const backup = await backUp(server, source.url, { tiers: ["table"] });
  const report = await restore(server, backup, server.cluster.url("tables only"), { createDatabase: true });
  assertEquals(report.warnings.filter((text) => text.includes("settings")), [
    "the database's comment, settings and privileges are not restored: they are in the archives only",
  ]);
});
