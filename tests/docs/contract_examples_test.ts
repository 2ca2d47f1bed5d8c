/** What every command prints with `--json` has the form that the page shows. */
import { assertEquals } from "@std/assert";
import { COMMANDS } from "../../tasks/commands.ts";
import { ROOT } from "../tasks/run_main.ts";
import { blocksOf } from "./blocks.ts";
import { EXAMPLES, testPages } from "./pages.ts";

/** Their output is text for another program, not a document. */
const WITHOUT_DOCUMENT = ["completions", "help"];

const shown = blocksOf(await Deno.readTextFile(ROOT + EXAMPLES), EXAMPLES).map(({ directives }) => directives.output);

Deno.test("contract_examples.md shows a document of every command", () => {
  const commands = COMMANDS.flatMap(({ name, subcommands }) =>
    subcommands.length === 0 ? [name] : subcommands.map((one) => `${name} ${one.name}`)
  );
  const missing = commands.filter((name) =>
    !WITHOUT_DOCUMENT.includes(name) && !shown.some((command) => command?.startsWith(`pgstrata ${name} `))
  );
  assertEquals(missing, []);
});

await testPages([EXAMPLES]);
