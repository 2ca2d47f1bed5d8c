import { createHash } from "node:crypto";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { htmlReport } from "../../lib/report/mod.ts";
import { Html, joinHtml, markup } from "../../lib/report/html_text.ts";
import { fakeReport, HOSTILE } from "./html_fixture.ts";

Deno.test("markup`` escapes everything but HTML, and writes out what changes the display", () => {
  assertEquals(
    markup`<p title="${HOSTILE}">${HOSTILE}</p>`.text,
    `<p title="${ESCAPED}">${ESCAPED}</p>`,
  );
  assertEquals(markup`${null}${1}${["<", markup`<b>`]}${joinHtml(["a", "b"], ",")}`.text, "1&lt;<b>a,b");
  assert(markup`` instanceof Html);
});

const ESCAPED = "&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;\\u202e\\x1b[31m";

Deno.test("htmlReport() lets no name become markup and loads nothing", () => {
  const page = htmlReport(fakeReport({ backups: 30, tables: 20 }));
  assertStringIncludes(page, ESCAPED);
  assertFalse(page.includes(HOSTILE.slice(0, 20)));
  assertEquals(page.match(/<script|<\/script/g)?.length, 2, "one script, ours");
  assertEquals(page.match(/<img|<link|<iframe|<object|@import|url\(/g), null);
  assertEquals(page.match(/\s(?:src|style|on\w+)="/g), null);
  assertEquals([...page.matchAll(/href="([^"]*)"/g)].filter(([, to]) => !to?.startsWith("#")), []);
});

Deno.test("htmlReport() names its own style and script by hash in its policy, and nothing else", () => {
  const page = htmlReport(fakeReport({ backups: 3, tables: 3 }));
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll("&#39;", "'") ?? "";
  const hashOf = (tag: string) => {
    const text = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(page)?.[1] ?? "";
    return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  };
  assertEquals(policy.split("; "), [
    "default-src 'none'",
    `script-src ${hashOf("script")}`,
    `style-src ${hashOf("style")}`,
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

Deno.test("htmlReport() stays small and quick with 1 000 backups of 1 000 tables, and says what it left out", () => {
  const data = fakeReport({ backups: 1000, tables: 1000, step: 0.5 });
  const start = performance.now();
  const page = htmlReport(data);
  const took = performance.now() - start;
  assert(page.length < 1_000_000, `${page.length} characters`);
  assert(took < 60_000, `${took} ms`);
  assertStringIncludes(page, "800 more are left out to keep this page small.");
  assertStringIncludes(page, "each bar is the newest backup of its span of time");
});

Deno.test("htmlReport() says so when there is nothing to show", () => {
  const empty = fakeReport({ backups: 0, tables: 0 });
  const page = htmlReport(empty);
  assertStringIncludes(page, "There is no sealed backup.");
  assertStringIncludes(page, "No backup here was ever verified or drilled");
  assertStringIncludes(htmlReport({ ...empty, environments: [] }), "There is no backup on this shelf.");
});
