import { assertEquals } from "@std/assert";
import { openSession, pinTarget } from "../../lib/connection/mod.ts";
import { decodeText } from "../../lib/restore/decode_text.ts";
import { copyValues } from "../../lib/restore/copy_values.ts";
import { splitStatements } from "../../lib/restore/sql_statements.ts";
import { testServer } from "../../scripts/test_server.ts";
import { differingLines, dumpText, targetOf } from "./restore_fixture.ts";

const CASES: readonly [string, readonly string[]][] = [
  ["SELECT 1; SELECT 2", ["SELECT 1;", "SELECT 2"]],
  ["SELECT ';', E'\\';', \";\" ;x;", ["SELECT ';', E'\\';', \";\" ;", "x;"]],
  ["SELECT 'a''; b'; c;", ["SELECT 'a''; b';", "c;"]],
  ["SELECT $$;$$, $a$;$$;$a$, x$y$z;", ["SELECT $$;$$, $a$;$$;$a$, x$y$z;"]],
  ["-- ; \n/* ; /* ; */ ; */ SELECT 1 /* ; */;", ["SELECT 1 /* ; */;"]],
  ["CREATE RULE r AS ON DELETE TO t DO ALSO (SELECT 1; SELECT 2);", [
    "CREATE RULE r AS ON DELETE TO t DO ALSO (SELECT 1; SELECT 2);",
  ]],
  [
    "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; BEGIN; END;",
    [
      "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
      "BEGIN;",
      "END;",
    ],
  ],
  ["SELECT '\\'; x;", ["SELECT '\\';", "x;"]],
  ["SELECT U&'d\\0061;' ;", ["SELECT U&'d\\0061;' ;"]],
];

for (const [script, expected] of CASES) {
  Deno.test(`splitStatements parts ${JSON.stringify(script)}`, () => {
    assertEquals([...splitStatements(script)].map(({ text }) => text), [...expected]);
  });
}

Deno.test("splitStatements keeps the comments before each statement, those inside apart", () => {
  const [one, two] = [...splitStatements("-- a\n-- b\nSELECT 1 -- c\n;\n-- Name: x; Type: y\nSELECT 2;")];
  assertEquals([one?.comments, two?.comments], ["-- a\n-- b\n", "-- Name: x; Type: y\n"]);
});

const server = await testServer(15);

Deno.test("splitStatements parts the definitions of the torture database: the server takes each as one statement", async () => {
  const source = await server.createDatabase("torture");
  const part = { args: ["--schema-only"], excludeSchemas: ["lost", "moved"] };
  const script = await dumpText(server, source, part);
  const target = await server.createDatabase();
  {
    await using session = await openSession(await pinTarget(targetOf(target.url)));
    // The extended protocol takes one statement at a time: a cut that is missing is an error as well as a wrong one.
    for (const { text } of splitStatements(script)) await session.query(text);
  }
  assertEquals(differingLines(await dumpText(server, target, part), script), []);
});

Deno.test("decodeText reads what PostgreSQL writes in other encodings", () => {
  assertEquals(decodeText(new Uint8Array([0xe4, 0x80]), "LATIN1"), "ä\u0080");
  assertEquals(decodeText(new Uint8Array([0x80]), "WIN1252"), "€");
  assertEquals(decodeText(new TextEncoder().encode("ä"), "UTF8"), "ä");
});

Deno.test("copyValues reads a line of COPY text", () => {
  assertEquals(copyValues("a\\tb\\n\\\\\t\\N\t\t\\x41\\101"), ["a\tb\n\\", null, "", "AA"]);
});
