import { assertEquals } from "@std/assert";
import { testServer } from "../../scripts/test_server.ts";
import { backUp, restore } from "./restore_fixture.ts";

const server = await testServer(15);
const source = await server.createDatabase({
  sql:
    `CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop"."Logs" AS SELECT 1 AS a; CREATE TABLE "My Shop".kept AS SELECT 2 AS a;
    CREATE TABLE public.big AS SELECT 3 AS a; CREATE TABLE public.small AS SELECT 4 AS a;`,
});
const folder = await backUp(server, source.url, {
  selection: {
    schemas: [],
    excludeSchemas: [],
    tables: [],
    excludeTables: ["public.big"],
    excludeTableData: ['"My Shop"."Logs"'],
  },
});

const WARNED: readonly (readonly [what: string, given: Parameters<typeof restore>[3], warned: string | null])[] = [
  ["a whole backup", {}, 'table public.big, the rows of "My Shop"."Logs"'],
  ["its definitions", { content: "schema-only" }, "table public.big"],
  ["its schema", { schemas: ['"My Shop"'] }, 'the rows of "My Shop"."Logs"'],
  ["the table", { tables: ['"My Shop"."Logs"'], schemas: [] }, 'the rows of "My Shop"."Logs"'],
  ["another table", { tables: ["public.small"] }, null],
];
for (const [what, given, warned] of WARNED) {
  Deno.test(`restoring ${what} names what the backup was told to leave out, and nothing else`, async () => {
    const target = await server.createDatabase();
    const { warnings, status } = await restore(server, folder, target.url, given);
    assertEquals(
      [status, warnings.filter((text) => text.startsWith("the backup was made without"))],
      ["done", warned === null ? [] : [`the backup was made without ${warned}: that does not come back`]],
    );
  });
}
