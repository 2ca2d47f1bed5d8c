import { assertEquals } from "@std/assert";
import { fit, pad, textTable } from "../../lib/report/mod.ts";

Deno.test("textTable() aligns columns by the width a terminal shows", () => {
  const columns = [{ title: "name" }, { title: "rows", align: "right" }, { title: "note" }] as const;
  const rows = [["orders", "1 000", "big"], ["日本", "7", ""], ["e\u0301t\u00e9", "12", "small"]];
  assertEquals(textTable(columns, rows, 2), [
    "  name     rows  note",
    "  orders  1 000  big",
    "  日本        7",
    "  e\u0301t\u00e9        12  small",
  ]);
});

Deno.test("textTable() without titles has no line for them", () => {
  assertEquals(textTable([{ title: "" }, { title: "" }], [["a", "b"]]), ["a  b"]);
  assertEquals(textTable([{ title: "" }], []), []);
});

Deno.test("textTable() makes cells safe and cuts long ones", () => {
  assertEquals(textTable([{ title: "x", widest: 8 }], [["a\x1b[2J"], ["abcdefghi"], ["日本語日本語"]]), [
    "x",
    "a\\x1b[2J",
    "abcdefg…",
    "日本語…",
  ]);
});

Deno.test("textTable() treats missing cells as empty", () => {
  assertEquals(textTable([{ title: "a" }, { title: "b" }], [["1"]]), ["a  b", "1"]);
});

Deno.test("fit() and pad() count what a terminal shows", () => {
  assertEquals([fit("abc", 3), fit("abcd", 3), fit("日本", 3), fit("👨‍👩‍👧x", 2)], ["abc", "ab…", "日…", "…"]);
  assertEquals([pad("日", 4), pad("日", 4, "right"), pad("abc", 2)], ["日  ", "  日", "abc"]);
});
