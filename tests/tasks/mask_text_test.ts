import { assertEquals } from "@std/assert";
import { Secret } from "../../lib/base/mod.ts";
import { maskText } from "../../tasks/mask_text.ts";

for (
  const [name, text, masked] of [
    ["a URL", "to postgresql://u:p@ss@h:5432/d now", "to postgresql://u:********@h:5432/d now"],
    ["a URL in quotes", `"postgres://u:pw@h/d"`, `"postgres://u:********@h/d"`],
    ["a URL without a password", "postgresql://u@h/d", "postgresql://u@h/d"],
    ["an address that is no login", "https://example.org:8080/a", "https://example.org:8080/a"],
    ["a URL with a slash in its password", "postgres://u:p/w@h/d", "postgres://u:********@h/d"],
    ["a keyword string", "host=h password=pw user=u", "host=h password=******** user=u"],
    ["a quoted keyword", "password = 'a b\\'c' user=u", "password = ******** user=u"],
    ["a query parameter", "?password=pw&x=1", "?password=********&x=1"],
    ["a known secret", "it said hunter2", "it said ********"],
    ["a known secret, encoded", "it said hun%2Fter", "it said ********"],
  ] as const
) {
  Deno.test(`maskText() masks the password in ${name}`, () => {
    assertEquals(maskText(text, [new Secret("hunter2"), new Secret("hun/ter")]), masked);
  });
}
