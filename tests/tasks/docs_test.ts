import { assert, assertEquals } from "@std/assert";
import { parseConfig } from "../../lib/catalog/mod.ts";
import { processText } from "../../lib/system/mod.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import { parseCommandLine } from "../../tasks/parse.ts";
import { ROOT } from "./run_main.ts";

const DOCS = ["supabase", "troubleshooting", "monitoring", "security"];

/** Code blocks of a language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].flatMap(([, name, code = ""]) =>
    name === language ? [code] : []
  );
}

/** Lines of code of a folder's TypeScript, as one text. */
async function sources(folder: string): Promise<string> {
  return await processText({ program: "grep", args: ["-rh", "--include=*.ts", "", folder] });
}

for (const name of DOCS) {
  const text = await Deno.readTextFile(`${ROOT}docs/${name}.md`);

  Deno.test(`docs/${name}.md: bash takes every shell block`, async () => {
    for (const code of blocks(text, "bash")) {
      await processText({ program: "bash", args: ["-n"], stdin: code });
    }
  });

  Deno.test(`docs/${name}.md: pgstrata takes every command line, in blocks and in the text`, () => {
    const inBlocks = blocks(text, "bash").join("").split("\n");
    const inText = [...text.matchAll(/`(pgstrata [^`\n]+)`/g)].map(([, line = ""]) => line);
    const lines = [...inBlocks, ...inText].flatMap((line) => /(?:^|\| )(pgstrata .*)$/.exec(line)?.[1] ?? []);
    if (name !== "security") assert(lines.length > 1, "no command line was found");
    for (const line of lines) {
      const words = line.replace(/ 2>>? ?\S+/, "").split(/\s+/).slice(1);
      parseCommandLine(words, COMMANDS);
    }
  });

  Deno.test(`docs/${name}.md: JSON is configuration that pgstrata takes`, () => {
    for (const code of blocks(text, "json")) parseConfig(code);
  });

  Deno.test(`docs/${name}.md: links to other pages and headings lead somewhere`, async () => {
    const there = [...Deno.readDirSync(`${ROOT}docs`)].map((entry) => entry.name);
    for (const [, page = "", heading] of text.matchAll(/\]\((\w+\.md)(?:#([\w-]+))?\)/g)) {
      if (page === "restore.md") continue; // Written with the command restore.
      assert(there.includes(page), page);
      const titles = (await Deno.readTextFile(`${ROOT}docs/${page}`)).matchAll(/^#+ (.*)$/gm);
      const anchors = [...titles].map(([, title = ""]) =>
        title.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-")
      );
      if (heading !== undefined) assert(anchors.includes(heading), `${page}#${heading}`);
    }
  });
}

/** Messages that others print; everything else in the headings is ours. */
const OTHERS = [
  "received invalid response to GSSAPI negotiation",
  "query would be affected by row-level security policy",
  "canceling statement due to conflict with recovery",
  "canceling statement due to statement timeout",
  "permission denied for table secrets",
  'unrecognized configuration parameter "transaction_timeout"',
  "nothing of prod is removed",
];

Deno.test("docs/troubleshooting.md explains messages that pgstrata really prints", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/troubleshooting.md`);
  const code = await sources(`${ROOT}lib`);
  const headings = [...text.matchAll(/^### `(.*)`$/gm)].map(([, message = ""]) => message);
  assert(headings.length > 25, "the headings were not read");
  const missing = headings.filter((message) =>
    !OTHERS.includes(message) && !code.replaceAll('\\"', '"').includes(message)
  );
  assertEquals(missing, []);
});

Deno.test("docs/monitoring.md names every metric that is written", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/monitoring.md`);
  const { METRIC_FAMILIES } = await import("../../lib/notice/mod.ts");
  for (const { name } of METRIC_FAMILIES) {
    assert(text.includes(name) || text.includes(`\`${name.replace("pgstrata_backup", "")}\``), name);
  }
});
