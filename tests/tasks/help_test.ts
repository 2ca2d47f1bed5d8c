import { assert, assertEquals, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { defineCommand, defineGroup, type OptionTable } from "../../tasks/command.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import { placedCommands } from "../../tasks/completion_words.ts";
import { commandHelp, generalHelp } from "../../tasks/help.ts";
import { helpFor } from "../../tasks/show_help.ts";
import { fakeContext } from "./fake_context.ts";

const OPTIONS = {
  to: { kind: "string", value: "URL", group: "Where", summary: "Where to bake" },
  layers: { kind: "list", separated: true, choices: ["one", "two"], default: "one", summary: "Which layers" },
  nuts: { kind: "list", short: "n", summary: "Kinds of nuts" },
  shape: { kind: "choice", choices: ["round", "square"], default: "round", summary: "Its shape" },
  icing: { kind: "flag", default: true, summary: "Leave the icing out" },
} as const satisfies OptionTable;

const cake = defineCommand({
  name: "cake",
  summary: "bake a cake",
  description: ["Bakes a cake."],
  positionals: [{ name: "flavour", summary: "how it tastes", required: true }, {
    name: "extras",
    summary: "what is on it",
    many: true,
  }],
  options: OPTIONS,
  examples: [{ line: "pgstrata cake lemon", does: "A round lemon cake." }],
  load: () => Promise.resolve({ run: () => Promise.resolve(0) }),
});

const EVERYWHERE = `Everywhere
  --dir DIR             Folder that holds the backups (default: PGSTRATA_DIR,
                        else backups)
  --config FILE         Configuration (default: PGSTRATA_CONFIG, else
                        pgstrata.json here)
  --json                Print the result as one JSON document
  --log-json            Log to standard error as JSON, one object a line
  -q, --quiet           Say nothing but warnings and errors
  -v, --verbose         Say more: a line for every table
  --debug               Show where an error comes from
  -h, --help            Show this help
  -V, --version         Show the versions of all that works here
`;

Deno.test("commandHelp() shows usage, arguments, options by group, and examples", () => {
  assertEquals(
    commandHelp(cake, ["cake"]),
    `pgstrata cake: bake a cake

Usage: pgstrata cake <flavour> [extras]... [options]

Bakes a cake.

Arguments
  flavour               how it tastes
  extras                what is on it

Where
  --to URL              Where to bake

Options
  --layers TEXT         Which layers (any of one, two; separate by commas;
                        default: one)
  -n, --nuts TEXT       Kinds of nuts (repeatable)
  --shape round|square  Its shape (default: round)
  --no-icing            Leave the icing out

${EVERYWHERE}
Examples
  pgstrata cake lemon
      A round lemon cake.
`,
  );
});

Deno.test("commandHelp() of a group lists its commands", () => {
  const bakery = defineGroup({ name: "bakery", summary: "all that is baked", description: [], examples: [] }, [cake]);
  const text = commandHelp(bakery, ["bakery"]);
  assertEquals(
    text.slice(0, text.indexOf("Everywhere")),
    "pgstrata bakery: all that is baked\n\nUsage: pgstrata bakery <command>\n\nCommands\n  cake           bake a cake\n\n",
  );
});

Deno.test("generalHelp() lists every command", () => {
  const text = generalHelp(COMMANDS);
  for (const { name, summary } of COMMANDS) assert(new RegExp(`^  ${name} +${summary}$`, "m").test(text), name);
});

for (const columns of [40, 80, 200]) {
  Deno.test(`help keeps to ${columns} columns, or 100`, () => {
    const widest = Math.max(columns, 48);
    const texts = [generalHelp(COMMANDS, { columns })];
    for (const { command, path } of placedCommands(COMMANDS)) texts.push(commandHelp(command, path, { columns }));
    for (const line of texts.join("\n").split("\n")) {
      // A command to copy is not broken.
      if (line.includes("pgstrata ")) continue;
      assert(line.length <= Math.min(widest + 20, 100), line);
    }
  });
}

Deno.test("the command table is whole: every command and option is explained", () => {
  for (const { command, path } of placedCommands(COMMANDS)) {
    assert(command.summary !== "" && !command.summary.endsWith("."), path.join(" "));
    assert(command.description.length > 0 && command.examples.length > 0, path.join(" "));
    const shorts = Object.values(command.options).flatMap(({ short }) => short === undefined ? [] : [short]);
    assertEquals(new Set([...shorts, "q", "v", "h", "V"]).size, shorts.length + 4, path.join(" "));
    for (const [name, { summary }] of Object.entries(command.options)) {
      assert(summary !== "" && !summary.endsWith("."), `${path.join(" ")} --${name}`);
    }
  }
});

Deno.test("helpFor() refuses a command that does not exist", () => {
  const error = assertThrows(() => helpFor(["bake"], fakeContext()), PgstrataError);
  assertEquals(error.message, "Cannot explain bake: there is no such command");
  assertEquals(error.hint, `There are: ${COMMANDS.map(({ name }) => name).join(", ")}.`);
  const near = assertThrows(() => helpFor(["bakup"], fakeContext()), PgstrataError);
  assert(near.hint?.startsWith("Did you mean backup? There are: "), near.hint);
});
