import { assertEquals, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { namePattern } from "../../lib/inventory/mod.ts";

const CASES: readonly [string, string | null, string][] = [
  ["orders", null, "^(orders)$"],
  ["Orders", null, "^(orders)$"],
  ['"Orders"', null, "^(Orders)$"],
  ["pub*.ord?rs", "^(pub.*)$", "^(ord.rs)$"],
  ['"a.b".c', "^(a\\.b)$", "^(c)$"],
  ['"say ""hi"""', null, '^(say "hi")$'],
  ["a$", null, "^(a\\$)$"],
  ["[a-c]x", null, "^([a-c]x)$"],
  ['"[a-c]"', null, "^(\\[a-c\\])$"],
];
for (const [pattern, schema, name] of CASES) {
  Deno.test(`the pattern ${pattern} means ${schema ?? "any schema"} and ${name}`, () => {
    assertEquals(namePattern(pattern), { schema, name });
  });
}
for (const pattern of ["a.b.c", '"open', "a.", ".b", ""]) {
  Deno.test(`the pattern ${JSON.stringify(pattern)} is refused`, () => {
    assertEquals(assertThrows(() => namePattern(pattern), PgstrataError).code, "usage");
  });
}
