/** What README and docs say besides their blocks: commands in the text, links, names and messages. */
import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { METRIC_FAMILIES } from "../../lib/notice/mod.ts";
import { processText } from "../../lib/system/mod.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import { ROOT } from "../tasks/run_main.ts";
import { checkOwnCommands } from "./own_commands.ts";
import { pages } from "./pages.ts";
import { DENO_VERSION } from "./stage.ts";

/** Messages that others print; all other headings of the troubleshooting page are ours. */
const OTHERS = [
  "received invalid response to GSSAPI negotiation",
  "query would be affected by row-level security policy",
  "canceling statement due to conflict with recovery",
  "canceling statement due to statement timeout",
  "permission denied for table secrets",
  'unrecognized configuration parameter "transaction_timeout"',
  "nothing of prod is removed",
];

const texts = new Map(pages().map((page) => [page, Deno.readTextFileSync(ROOT + page)]));

for (const [page, text] of texts) {
  const prose = text.replaceAll(/^```\w*\n[^]*?^```$/gm, "");

  Deno.test(`${page}: commands and options in the text are ours`, () => {
    for (const [, line = ""] of prose.matchAll(/`((?:pgstrata|deno task) [^`\n]+)`/g)) {
      // A command that is only named has no arguments.
      if (!/^pgstrata [a-z]+( [a-z]+)?$/.test(line)) checkOwnCommands(line.replace(/ (?:…|BACKUP)$/, " latest"));
      else assertCommand(line.split(" ").slice(1));
    }
  });

  Deno.test(`${page}: links lead to files and headings that exist, and the version of Deno is one`, async () => {
    for (const [, target = "", heading] of prose.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const path = target === "" ? page : join(dirname(page), target);
      const linked = texts.get(path) ?? await Deno.readTextFile(ROOT + path);
      if (heading !== undefined) assert(anchorsOf(linked).includes(heading), `${page}: ${target}#${heading}`);
    }
    for (const [, version] of text.matchAll(/deno@(\d+\.\d+\.\d+)/g)) assertEquals(version, DENO_VERSION);
  });
}

Deno.test("README links every page", () => {
  const readme = texts.get("README.md") ?? "";
  // The examples belong to the contracts.
  const unlinked = [...texts.keys()].filter((page) => page.startsWith("docs/") && !readme.includes(`(${page})`));
  assertEquals(unlinked, ["docs/contract_examples.md"]);
});

Deno.test("docs/troubleshooting.md explains messages that pgstrata really prints", async () => {
  const code = await processText({ program: "grep", args: ["-rh", "--include=*.ts", "", `${ROOT}lib`] });
  const text = texts.get("docs/troubleshooting.md") ?? "";
  const headings = [...text.matchAll(/^### `(.*)`$/gm)].map(([, message = ""]) => message);
  assert(headings.length > 25, "the headings were not read");
  const printed = code.replaceAll('\\"', '"');
  assertEquals(headings.filter((message) => !OTHERS.includes(message) && !printed.includes(message)), []);
});

Deno.test("docs/monitoring.md names every metric that is written", () => {
  const text = texts.get("docs/monitoring.md") ?? "";
  for (const { name } of METRIC_FAMILIES) {
    assert(text.includes(name) || text.includes(`\`${name.replace("pgstrata_backup", "")}\``), name);
  }
});

/** A command that is named in the text exists. */
function assertCommand([first, second]: readonly string[]): void {
  const command = COMMANDS.find(({ name }) => name === first);
  assert(command !== undefined, `there is no command ${first}`);
  const known = command.subcommands.length === 0 || second === undefined ||
    command.subcommands.some(({ name }) => name === second);
  assert(known, `there is no command ${first} ${second}`);
}

/** Anchors that headings get on GitHub. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-")
  );
}
