import { assertEquals } from "@std/assert";
import { otherNames, quoted } from "../../lib/verify/name_complement.ts";
import { processText } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";

const server = await testServer();

/** Names that begin alike, with all that means something in a pattern or an expression. */
const NAMES = [
  ...["t", "t5", "t50", "t500", "T5", "orders", "order", "Orders", "a]b", "a^b", "a-b", "a\\b", "a.b", 'a"b', "a|b"],
  ...["(a)", "[^t]*", "$", "^", "*", "?", "é", "e\u0301", "🐘", "new\nline", "x".repeat(63)],
];

Deno.test("pg_dump takes the pattern of all other names for exactly those", async () => {
  const database = await server.createDatabase("empty");
  const quotedSql = (name: string) => `"${name.replaceAll('"', '""')}"`;
  await database.psql(NAMES.map((name) => `CREATE TABLE ${quotedSql(name)} (id int);`).join("\n"));
  const sample: string[][] = [["a-b"], ["t5"], ["orders", "order"], ["a]b", "a^b", "a\\b"], ["é", "🐘"], [
    "new\nline",
    "[^t]*",
    'a"b',
  ], NAMES];
  for (const kept of sample) {
    const text = await processText({
      program: server.tools.program("pg_dump"),
      args: [`--exclude-table-data=${quoted("public")}.${otherNames(kept)}`],
      env: server.cluster.env(database.name),
    });
    const dumped = [...text.matchAll(/^COPY public\.((?:"(?:[^"]|"")*"|[a-z_0-9]+)) /gm)].map(([, name]) =>
      name?.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
    );
    assertEquals(dumped.sort(), kept.toSorted());
  }
});
