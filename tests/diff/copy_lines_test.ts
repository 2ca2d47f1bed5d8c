import { assertEquals } from "@std/assert";
import { CopyLines, copyValue } from "../../lib/diff/copy_lines.ts";

Deno.test("CopyLines gives the same rows however the text is cut", () => {
  const bytes = new TextEncoder().encode("1\tä\n2\t\\N\n\n3\tend\n");
  const whole: string[] = [];
  new CopyLines((row) => whole.push(row)).push(bytes);
  assertEquals(whole.length, 4);
  for (let cut = 1; cut < bytes.length; cut++) {
    const rows: string[] = [];
    const lines = new CopyLines((row) => rows.push(row));
    lines.push(bytes.subarray(0, cut));
    lines.push(bytes.subarray(cut));
    assertEquals(rows, whole);
  }
});

Deno.test("copyValue() undoes COPY's escapes and tells NULL from the text \\N", () => {
  assertEquals(copyValue("\\N"), null);
  assertEquals(copyValue("\\\\N"), "\\N");
  assertEquals(copyValue("a\\tb\\nc\\\\d"), "a\tb\nc\\d");
  assertEquals(copyValue("\u00c3\u00bc"), "ü", "bytes of UTF-8");
  assertEquals(copyValue("\u00fc"), "ü", "bytes that are not UTF-8 are shown one by one");
  assertEquals(copyValue("x".repeat(500)), `${"x".repeat(200)}…`);
});
