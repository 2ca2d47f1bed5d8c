import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { lineDiff } from "../../lib/diff/line_diff.ts";

function text(before: string, after: string): string {
  return lineDiff(before, after).map(({ op, text }) => `${op}${text}`).join("\n");
}

Deno.test("lineDiff() shows what went and what came with two lines around it", () => {
  const before = "CREATE TABLE t (\n    a integer,\n    b text,\n    c text,\n    d text,\n    e text\n);";
  const after = before.replace("b text", "b bigint").replace("    e text\n", "    e text,\n    f date\n");
  assertEquals(
    text(before, after),
    [
      " CREATE TABLE t (",
      "     a integer,",
      "-    b text,",
      "+    b bigint,",
      "     c text,",
      "     d text,",
      "-    e text",
      "+    e text,",
      "+    f date",
      " );",
    ].join("\n"),
  );
});

Deno.test("lineDiff() says how many lines between two places are left out", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const after = lines.with(0, "first").with(19, "last");
  assertEquals(
    text(lines.join("\n"), after.join("\n")),
    "-line 0\n+first\n line 1\n line 2\n…14 lines\n line 17\n line 18\n-line 19\n+last",
  );
});

Deno.test("lineDiff() loses no line: what stays and went is the old text, what stays and came the new one", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(lines, lines, (old, now) => {
    const diff = lineDiff(old.join("\n"), now.join("\n"));
    // Texts this short hide lines only where all around is equal.
    const hidden = diff.some(({ op }) => op === "…");
    if (hidden) return;
    assertEquals(diff.filter(({ op }) => op !== "+").map(({ text }) => text), old);
    assertEquals(diff.filter(({ op }) => op !== "-").map(({ text }) => text), now);
  }));
});

Deno.test("lineDiff() gives up on the shortest difference of huge texts and shows the whole", () => {
  const old = Array.from({ length: 3000 }, (_, index) => `old ${index}`).join("\n");
  const now = Array.from({ length: 3000 }, (_, index) => `new ${index}`).join("\n");
  const diff = lineDiff(old, now);
  assertEquals(diff.length, 6000);
  assertEquals([diff[0]?.op, diff[2999]?.op, diff[3000]?.op], ["-", "-", "+"]);
});
