import { assertEquals } from "@std/assert";
import { markdownText, shellWord, terminalText } from "../../lib/report/mod.ts";

for (
  const [text, safe] of [
    ["orders", "orders"],
    ["日本 é 👍", "日本 é 👍"],
    ["a\nb\tc\r", "a\\nb\\tc\\r"],
    ["\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"],
    ["\x00\x7f\x9b2J", "\\x00\\x7f\\x9b2J"],
    ["a\u202eb\u2066c\u200bd\ufeff", "a\\u202eb\\u2066c\\u200bd\\ufeff"],
    ["a\u2028b", "a\\u2028b"],
    ["\ud800", "\ufffd"],
  ] as const
) {
  Deno.test(`terminalText() writes ${JSON.stringify(text)} out`, () => {
    assertEquals(terminalText(text), safe);
  });
}

for (
  const [text, safe] of [
    ["orders", "orders"],
    ["a|b", "a\\|b"],
    ["`x`", "\\`x\\`"],
    ["user_events*", "user\\_events\\*"],
    ["<script>&amp;", "&lt;script&gt;&amp;amp;"],
    ["[x](y)", "\\[x\\](y)"],
    ["a\n# b", "a\\\\n\\# b"],
    ["@team $x$ ~y~", "\\@team \\$x\\$ \\~y\\~"],
    ["https://x :smile: 02:00", "https\\://x \\:smile: 02:00"],
  ] as const
) {
  Deno.test(`markdownText() marks nothing up in ${JSON.stringify(text)}`, () => {
    assertEquals(markdownText(text), safe);
  });
}

for (
  const [word, quoted] of [
    ["public/tables/orders/data.sql", "public/tables/orders/data.sql"],
    ["a b", "'a b'"],
    ["it's", `'it'\\''s'`],
    ["$(x)", "'$(x)'"],
    ["", "''"],
    ["%2F", "%2F"],
  ] as const
) {
  Deno.test(`shellWord() quotes ${JSON.stringify(word)} as ${quoted}`, () => {
    assertEquals(shellWord(word), quoted);
  });
}
