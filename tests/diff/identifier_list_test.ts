import { assertEquals } from "@std/assert";
import { copyColumns, primaryKeyColumns } from "../../lib/diff/identifier_list.ts";

Deno.test("copyColumns() reads the columns of pg_dump's COPY statements", () => {
  const cases: readonly (readonly [statement: string, columns: readonly string[]])[] = [
    ["COPY public.orders (id, note) FROM stdin;\n", ["id", "note"]],
    ['COPY "a (b)"."c.d" ("x, y", "Z""z", plain) FROM stdin;\n', ["x, y", 'Z"z', "plain"]],
    ["COPY public.nothing  FROM stdin;\n", []],
    ['COPY s.t ("(", ")") FROM stdin;\n', ["(", ")"]],
  ];
  for (const [statement, columns] of cases) assertEquals(copyColumns(statement), [...columns], statement);
});

Deno.test("primaryKeyColumns() finds the key of a constraint's definition, and only a primary one", () => {
  assertEquals(primaryKeyColumns("ALTER TABLE ONLY s.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);"), ["id"]);
  assertEquals(
    primaryKeyColumns('ALTER TABLE ONLY s.t\n    ADD CONSTRAINT k PRIMARY KEY ("A b", c) INCLUDE (d);'),
    ["A b", "c"],
  );
  assertEquals(primaryKeyColumns("ALTER TABLE ONLY s.t\n    ADD CONSTRAINT u UNIQUE (id);"), null);
});
