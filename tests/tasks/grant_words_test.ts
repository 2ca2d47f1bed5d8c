import { assertEquals } from "@std/assert";
import type { GrantChange } from "../../lib/diff/mod.ts";
import { grantWords } from "../../tasks/grant_words.ts";

const gained = (object: string, to: string, kind: GrantChange["kind"] = "function"): GrantChange => ({
  change: "added",
  kind,
  object,
  ownerBefore: null,
  ownerAfter: "postgres",
  gained: [`EXECUTE to ${to}`],
  lost: [],
});
const GRANTS = [
  gained("f1()", "anon"),
  gained("f2()", "anon"),
  gained("g()", "reader"),
  gained("f3()", "anon"),
  gained("f4()", "anon"),
  gained("f5()", "anon"),
];

Deno.test("grantWords() puts many objects that changed alike on one line", () => {
  assertEquals(grantWords(GRANTS), [
    { change: "added", object: "function f1(), f2(), f3() and 2 more", words: "gained EXECUTE to anon" },
    { change: "added", object: "function g()", words: "gained EXECUTE to reader" },
  ]);
});

Deno.test("grantWords() names each object where they are few, or where all are asked for", () => {
  const few = GRANTS.slice(0, 4);
  assertEquals(grantWords(few).map(({ object }) => object), [
    "function f1()",
    "function f2()",
    "function f3()",
    "function g()",
  ]);
  assertEquals(grantWords(GRANTS, true).map(({ object }) => object), GRANTS.map(({ object }) => `function ${object}`));
});
