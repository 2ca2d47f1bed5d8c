import { assert, assertEquals } from "@std/assert";
import { ProcessError } from "../../lib/system/mod.ts";
import { PgstrataError } from "../../lib/base/mod.ts";
import { dumpError, readDumpLine, TableLockedError, withoutRestrict } from "../../lib/postgres/mod.ts";

Deno.test("lines of pg_dump --verbose tell what is finished, begun or wrong", () => {
  assertEquals(readDumpLine("pg_dump: finished item 3403 TABLE DATA t"), { type: "finished", dumpId: 3403 });
  assertEquals(readDumpLine("pg_dump: finished item 12 BLOBS BLOBS"), { type: "finished", dumpId: 12 });
  assertEquals(readDumpLine('pg_dump: dumping contents of table "a.b"'), { type: "dumping" });
  assertEquals(readDumpLine("pg_dump: warning: odd"), { type: "warning", message: "odd" });
  for (const other of ["pg_dump: reading schemas", "finished item 1 TABLE DATA x", "pg_dump: finished item 5 ACL x"]) {
    assertEquals(readDumpLine(other), { type: "other" });
  }
});

const FAILURES: readonly [string, string, number][] = [
  ['pg_dump: error: could not obtain lock on relation "a"', "lock a table", 1],
  [
    "pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout\npg_dump: detail: Query was: LOCK TABLE a",
    "lock a table",
    1,
  ],
  ["pg_dump: error: could not write to file: No space left on device", "no space", 6],
  ["pg_dump: error: server closed the connection unexpectedly", "lost the connection", 4],
  [
    "pg_dump: error: query failed: ERROR:  query would be affected by row-level security policy",
    "row-level security",
    1,
  ],
  ["pg_dump: error: query failed: ERROR:  permission denied for table secret", "may not read", 1],
  [
    'pg_dump: error: Dumping the contents of table "big" failed: PQgetResult() failed.\n' +
    "pg_dump: detail: Error message from server: ERROR:  invalid memory alloc request size 1200000003",
    "1 GB",
    1,
  ],
  ["pg_dump: error: something new", "pg_dump failed", 1],
];
for (const [stderr, says, exit] of FAILURES) {
  Deno.test(`pg_dump's "${stderr.slice(16, 60)}" ends with exit code ${exit} and a hint`, () => {
    const error = dumpError(new ProcessError("/usr/bin/pg_dump", 1, null, stderr));
    assert(error instanceof PgstrataError);
    assert(error.message.includes(says), error.message);
    assertEquals(error.exit, exit);
    assert(error.hint);
    assertEquals(error instanceof TableLockedError, says === "lock a table");
  });
}

Deno.test("the cause of a failed pg_dump is what went wrong, without the progress before it", () => {
  const stderr = 'pg_dump: reading schemas\npg_dump: dumping contents of table "s.error: x"\n' +
    "pg_dump: error: query failed: ERROR:  odd\nLINE 1: SELECT\npg_dump: detail: Query was: SELECT\n";
  const causeOf = (text: string) => {
    const error = dumpError(new ProcessError("/usr/bin/pg_dump", 1, null, text));
    assert(error instanceof PgstrataError && error.cause instanceof ProcessError);
    return String((error.cause.cause as Error).message);
  };
  assertEquals(
    causeOf(stderr),
    "pg_dump: error: query failed: ERROR:  odd\nLINE 1: SELECT\npg_dump: detail: Query was: SELECT",
  );
  assertEquals(causeOf("pg_dump: reading schemas\n"), "pg_dump: reading schemas");
});

Deno.test("the \\restrict pair goes, and nothing that only looks like it", () => {
  const script =
    "--\n-- dump\n--\n\n\\restrict abc1\n\n-- more\nSELECT '\n\\restrict abc1\n';\n\n\\unrestrict abc1\n\n";
  assertEquals(withoutRestrict(script), "--\n-- dump\n--\n\n-- more\nSELECT '\n\\restrict abc1\n';\n\n");
  const plain = "--\n-- dump\n--\n\nSELECT '\n\\restrict abc1\n';\n";
  assertEquals(withoutRestrict(plain), plain);
});
