import { assertEquals } from "@std/assert";
import { findPassword, passwordLine } from "../../lib/connection/password_file.ts";
import { saslPrep } from "../../lib/connection/sasl_prep.ts";
import { arrayLiteral, parseArrayLiteral } from "../../lib/connection/array_literal.ts";

const wanted = { host: "h", port: 5432, database: "d", user: "u" };

const FOUND: readonly [string, string | undefined][] = [
  ["h:5432:d:u:secret", "secret"],
  ["*:*:*:*:secret", "secret"],
  ["x:5432:d:u:no\nh:*:d:u:first\nh:5432:d:u:second", "first"],
  ["#h:5432:d:u:secret", undefined],
  ["h:5432:d:u", undefined],
  ["h:5432:d:u:with:colons", "with:colons"],
  ["h:5432:d:u:with\\:and\\\\", "with:and\\"],
  ["h:5432:d:u:secret\r\n", "secret"],
  ["h:5433:d:u:secret", undefined],
  ["", undefined],
];
for (const [text, password] of FOUND) {
  Deno.test(`findPassword() finds ${password ?? "nothing"} in ${JSON.stringify(text)}`, () => {
    assertEquals(findPassword(text, wanted), password);
  });
}

Deno.test("findPassword() looks up the default socket folder as localhost", () => {
  assertEquals(findPassword("localhost:*:*:*:secret", { ...wanted, host: "/var/run/postgresql" }), "secret");
});

Deno.test("passwordLine() is read back by findPassword() whatever it holds", () => {
  for (const odd of ["a:b", "\\", "\\:", "'", " ", "#", "ü🔑", ""]) {
    assertEquals(
      findPassword(passwordLine("h", "5432", odd, odd, odd), { host: "h", port: 5432, database: odd, user: odd }),
      odd,
    );
  }
});

const PREPARED: readonly [string, string][] = [
  ["plain", "plain"],
  ["u\u0308", "ü"],
  ["\uFB01", "fi"],
  ["a\u00A0b", "a b"],
  ["a\u00ADb", "ab"],
  ["\u2168", "IX"],
  ["bell\u0007\uFB01", "bell\u0007\uFB01"],
  ["\u00AD", "\u00AD"],
  ["🔑", "🔑"],
];
for (const [raw, prepared] of PREPARED) {
  Deno.test(`saslPrep() makes ${JSON.stringify(prepared)} of ${JSON.stringify(raw)}`, () =>
    assertEquals(saslPrep(raw), prepared));
}

Deno.test("parseArrayLiteral() reads what arrayLiteral() writes", () => {
  const values = ["a", null, "", "NULL", 'q"\\', "{,}", " s ", ["n", ["m"]]];
  assertEquals(parseArrayLiteral(arrayLiteral(values), String), values as never);
  assertEquals(parseArrayLiteral("{}", String), []);
  assertEquals(parseArrayLiteral("[0:1]={1,2}", Number), [1, 2]);
  assertEquals(parseArrayLiteral("{null,Null,NULL}", String), ["null", "Null", null]);
});
