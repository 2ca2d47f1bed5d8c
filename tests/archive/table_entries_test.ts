import { assertEquals, assertStringIncludes } from "@std/assert";
import { groupByTable, readToc, TableSqlWriter } from "../../lib/archive/mod.ts";
import { join } from "@std/path";
import { TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { pgText } from "../backup/backup_fixture.ts";

const server = await testServer();

async function tocOf(sql: string) {
  await using folder = await TempFolder.create();
  const database = await server.createDatabase({ sql });
  const path = join(folder.path, "x.dump");
  await pgText(server.tools, "pg_dump", ["-Fc", "-f", path, database.url]);
  return readToc(await Deno.readFile(path)).toc;
}

Deno.test("a foreign key belongs to the table that has it, whatever the names look like", async () => {
  const toc = await tocOf(`CREATE TABLE "a" (id int PRIMARY KEY); CREATE TABLE "a b" (id int PRIMARY KEY);
    ALTER TABLE "a b" ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES a;
    ALTER TABLE "a" ADD CONSTRAINT "b c" FOREIGN KEY (id) REFERENCES "a b";
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
    CREATE TRIGGER "t ON a b" AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();`);
  const kinds = Object.fromEntries(
    groupByTable(toc).tables.map((table) => [
      table.qualifiedName,
      table.definitions.filter((entry) => /FK|TRIGGER/.test(entry.desc)).map((entry) => entry.tag),
    ]),
  );
  assertEquals(kinds, { "public.a": ["a t ON a b", "a b c"], 'public."a b"': ["a b c"] });
});

Deno.test("owned sequences go with their table, others stand alone", async () => {
  const toc = await tocOf(`CREATE TABLE t (id serial, g int GENERATED ALWAYS AS IDENTITY); CREATE SEQUENCE free;
    COMMENT ON SEQUENCE free IS 'alone'; COMMENT ON SEQUENCE t_id_seq IS 'owned';`);
  const { tables, looseSequences } = groupByTable(toc);
  assertEquals(tables[0]?.sequenceValues.map((entry) => entry.tag).sort(), ["t_g_seq", "t_id_seq"]);
  assertEquals(looseSequences.map((entry) => entry.desc), ["SEQUENCE", "COMMENT", "SEQUENCE SET"]);
});

Deno.test("what ties a table to others stands in constraints.sql, and needs are named", async () => {
  const toc = await tocOf(`CREATE TYPE mood AS ENUM ('a'); CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child (id int REFERENCES parent, m mood, PRIMARY KEY (id)); ALTER TABLE child ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON child USING (id > 0); CREATE POLICY other ON child USING (EXISTS (SELECT 1 FROM parent));
    COMMENT ON POLICY other ON child IS 'goes along';`);
  const writer = new TableSqlWriter(toc);
  const child = groupByTable(toc).tables.find((table) => table.qualifiedName === "public.child");
  if (child === undefined) throw new Error("no child");
  const { schema, constraints, needs } = writer.writeDefinition(child);
  assertEquals(needs, ["TYPE public.mood"]);
  assertStringIncludes(schema, "--   TYPE public.mood");
  assertStringIncludes(schema, "CREATE POLICY own");
  assertEquals(schema.includes("CREATE POLICY other"), false);
  for (
    const text of [
      "CREATE POLICY other",
      "goes along",
      "FOREIGN KEY (id) REFERENCES public.parent",
      "--   TABLE public.parent",
    ]
  ) {
    assertStringIncludes(constraints ?? "", text);
  }
});
