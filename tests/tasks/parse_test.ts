import { assertEquals, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { type Command, defineCommand, defineGroup, type OptionTable } from "../../tasks/command.ts";
import { COMMANDS as TABLE } from "../../tasks/commands.ts";
import { parseCommandLine, parseOptions } from "../../tasks/parse.ts";

const OPTIONS = {
  name: { kind: "string", short: "n", summary: "a text" },
  jobs: { kind: "integer", short: "j", min: 1, max: 8, summary: "a number" },
  least: { kind: "integer", min: 2, summary: "a number without an upper end" },
  size: { kind: "size", summary: "a size" },
  wait: { kind: "duration", default: "60s", summary: "a duration" },
  layout: { kind: "choice", choices: ["runbook", "ci"], default: "runbook", summary: "a choice" },
  tiers: { kind: "list", separated: true, choices: ["full", "schema"], default: "full,schema", summary: "a list" },
  table: { kind: "list", short: "t", summary: "a list without commas" },
  blobs: { kind: "flag", short: "b", summary: "a flag" },
  privileges: { kind: "flag", default: true, summary: "a flag that is on" },
} as const satisfies OptionTable;

const EXPECTED_DEFAULTS = {
  name: undefined,
  jobs: undefined,
  least: undefined,
  size: undefined,
  wait: 60_000,
  layout: "runbook",
  tiers: ["full", "schema"],
  table: [],
  blobs: false,
  privileges: true,
};

const noWork = () => Promise.resolve({ run: () => Promise.resolve(0) });
const facts = { summary: "s", description: ["d"], examples: [] };

const COMMANDS: readonly Command[] = [
  defineCommand({
    ...facts,
    name: "work",
    positionals: [{ name: "thing", summary: "what to work on", required: true }, { name: "more", summary: "more" }],
    options: OPTIONS,
    load: noWork,
  }),
  defineCommand({
    ...facts,
    name: "gather",
    positionals: [{ name: "things", summary: "what to gather", many: true }],
    options: {},
    load: noWork,
  }),
  defineGroup({ ...facts, name: "group" }, [
    defineCommand({ ...facts, name: "list", positionals: [], options: {}, load: noWork }),
  ]),
];

const READS: readonly (readonly [string, readonly string[], Record<string, unknown>])[] = [
  ["nothing as defaults", [], {}],
  ["a value after a space", ["--name", "x"], { name: "x" }],
  ["a value after =", ["--name=x=y"], { name: "x=y" }],
  ["a value that begins with a hyphen after =", ["--name=-x"], { name: "-x" }],
  ["- as a value", ["--name", "-"], { name: "-" }],
  ["a short option", ["-n", "x"], { name: "x" }],
  ["a short option with its value", ["-nfoo"], { name: "foo" }],
  ["a short option with =", ["-n=foo"], { name: "foo" }],
  ["short flags together", ["-bnfoo"], { blobs: true, name: "foo" }],
  ["a number that is a text", ["--name", "007"], { name: "007" }],
  ["a number", ["-j", "8"], { jobs: 8 }],
  ["a size", ["--size=2GiB"], { size: 2 ** 31 }],
  ["a duration", ["--wait", "5min"], { wait: 300_000 }],
  ["a choice", ["--layout", "ci"], { layout: "ci" }],
  ["a list at commas", ["--tiers", "schema"], { tiers: ["schema"] }],
  ["a list at commas, repeated", ["--tiers=full", "--tiers", "schema, full"], { tiers: ["full", "schema"] }],
  ["a repeated list, commas kept", ["-t", "a,b", "--table=c"], { table: ["a,b", "c"] }],
  ["a flag", ["--blobs"], { blobs: true }],
  ["a flag turned off", ["--no-privileges"], { privileges: false }],
];

for (const [name, argv, expected] of READS) {
  Deno.test(`parseOptions() reads ${name}`, () => {
    assertEquals(parseOptions(argv, OPTIONS).options, { ...EXPECTED_DEFAULTS, ...expected });
  });
}

Deno.test("parseOptions() keeps arguments as they are written", () => {
  assertEquals(parseOptions(["007", "-b", "x", "--", "--name", "-j"], OPTIONS).positionals, [
    "007",
    "x",
    "--name",
    "-j",
  ]);
});

const SEE = "See: pgstrata help work";

const REFUSES: readonly (readonly [string, readonly string[], string, string])[] = [
  ["an unknown option", ["--nmae", "x"], "Cannot run work: there is no option --nmae", `Did you mean --name? ${SEE}`],
  ["an unknown option without its value", ["--secret=hunter2"], "Cannot run work: there is no option --secret", SEE],
  ["an unknown short option", ["-x"], "Cannot run work: there is no option -x", SEE],
  [
    "a negated flag that is off anyway",
    ["--no-blobs"],
    "Cannot run work: there is no option --no-blobs",
    SEE,
  ],
  ["a missing value", ["--name"], "Cannot read --name: it has no value", `Write --name=VALUE. ${SEE}`],
  [
    "an option in place of a value",
    ["--name", "--blobs"],
    "Cannot read --name: it has no value",
    `Write --name=VALUE. ${SEE}`,
  ],
  ["an empty value", ["--name="], "Cannot read --name: it has no value", `Write --name=VALUE. ${SEE}`],
  ["an empty argument as value", ["--name", ""], "Cannot read --name: it has no value", `Write --name=VALUE. ${SEE}`],
  ["an option given twice", ["-n", "x", "--name=y"], "Cannot read --name: it is given 2 times", `Give it once. ${SEE}`],
  ["a flag with a value", ["--blobs=yes"], "Cannot read --blobs: it takes no value", "Write --blobs alone."],
  [
    "a turned off flag with a value",
    ["--no-privileges=1"],
    "Cannot read --no-privileges: it takes no value",
    "Write --no-privileges alone.",
  ],
  ["a number out of range", ["-j", "9"], 'Cannot read --jobs: "9" is not a whole number from 1 to 8', SEE],
  ["a number below the least", ["--least=1"], 'Cannot read --least: "1" is not a whole number of at least 2', SEE],
  ["half a number", ["-j", "1.5"], 'Cannot read --jobs: "1.5" is not a whole number from 1 to 8', SEE],
  ["hexadecimal", ["-j", "0x2"], 'Cannot read --jobs: "0x2" is not a whole number from 1 to 8', SEE],
  [
    "a wrong size",
    ["--size", "big"],
    'Cannot read --size: "big" is not a size',
    `Write a size like 500MB, 2GiB or 1073741824. ${SEE}`,
  ],
  [
    "a wrong duration",
    ["--wait", "1y"],
    'Cannot read --wait: "1y" is not a duration',
    `Write a duration like 30s, 5min, 2h or 30d. ${SEE}`,
  ],
  [
    "a wrong choice",
    ["--layout", "cI"],
    'Cannot read --layout: "cI" is not one of runbook, ci',
    `Did you mean ci? ${SEE}`,
  ],
  ["a wrong part of a list", ["--tiers", "full,"], 'Cannot read --tiers: "" is not one of full, schema', SEE],
  ["__proto__", ["--__proto__.x", "1"], "Cannot run work: there is no option --__proto__.x", SEE],
];

for (const [name, argv, message, hint] of REFUSES) {
  Deno.test(`parseCommandLine() refuses ${name}`, () => {
    const error = assertThrows(() => parseCommandLine(["work", "thing", ...argv], COMMANDS), PgstrataError);
    assertEquals([error.message, error.hint, error.exit], [message, hint, 2]);
  });
}

const LINES: readonly (readonly [string, readonly string[], string, string])[] = [
  [
    "an unknown command",
    ["wokr"],
    'Cannot run "wokr": there is no such command',
    "Did you mean work? See: pgstrata help",
  ],
  ["a command like no other", ["zzzzz"], 'Cannot run "zzzzz": there is no such command', "See: pgstrata help"],
  [
    "an unknown subcommand",
    ["group", "lits"],
    'Cannot run "group lits": there is no such command',
    "Did you mean list? See: pgstrata help group",
  ],
  ["a missing subcommand", ["group"], "Cannot run group: say what to do: list", "See: pgstrata help group"],
  ["a missing argument", ["work"], "Cannot run work: thing is missing", `It is: what to work on. ${SEE}`],
  ["an empty argument", ["work", ""], "Cannot run work: argument 1 is empty", SEE],
  [
    "one argument too many",
    ["work", "a", "b", "c"],
    'Cannot run work: "c" is one argument too many, it takes at most 2',
    SEE,
  ],
  [
    "an argument where none is taken",
    ["group", "list", "x"],
    'Cannot run group list: "x" is one argument too many, it takes no arguments',
    "See: pgstrata help group list",
  ],
];

for (const [name, argv, message, hint] of LINES) {
  Deno.test(`parseCommandLine() refuses ${name}`, () => {
    const error = assertThrows(() => parseCommandLine(argv, COMMANDS), PgstrataError);
    assertEquals([error.message, error.hint, error.exit], [message, hint, 2]);
  });
}

Deno.test("parseCommandLine() takes global options before and after the command", () => {
  const line = parseCommandLine(["--dir", "work", "-q", "work", "--json", "thing"], COMMANDS);
  assertEquals(line.path, ["work"]);
  assertEquals([line.global.dir, line.global.quiet, line.global.json], ["work", true, true]);
  assertEquals(line.invocation.positionals, ["thing"]);
});

Deno.test("parseCommandLine() finds a subcommand", () => {
  const line = parseCommandLine(["-q", "group", "--json", "list"], COMMANDS);
  assertEquals([line.path, line.command?.name], [["group", "list"], "list"]);
});

Deno.test("parseCommandLine() takes any number of arguments where a command does", () => {
  assertEquals(parseCommandLine(["gather", "a", "b", "c"], COMMANDS).invocation.positionals, ["a", "b", "c"]);
});

Deno.test("parseCommandLine() does not miss arguments when help is asked for", () => {
  assertEquals(parseCommandLine(["work", "-h"], COMMANDS).global.help, true);
  assertEquals(parseCommandLine(["group", "--help"], COMMANDS).path, ["group"]);
});

Deno.test("parseCommandLine() takes an empty line", () => {
  assertEquals(parseCommandLine([], COMMANDS).command, null);
});

Deno.test("an option of other commands names them, and for recipients of a backup the right way", () => {
  const hint = (...argv: string[]) =>
    assertThrows(() => parseCommandLine(argv, TABLE), PgstrataError, "there is no option").hint;
  assertEquals(
    hint("verify", "--apply"),
    "It is an option of prune, snapshot prune, snapshot adopt. See: pgstrata help verify",
  );
  assertEquals(hint("backup", "--no-compare"), "It is an option of restore. See: pgstrata help backup");
  assertEquals(
    hint("backup", "prod", "--recipient=age1x"),
    "It is an option of encrypt, init. With --encrypt, recipients come from pgstrata.json or PGSTRATA_AGE_RECIPIENTS. " +
      "See: pgstrata help backup",
  );
  assertEquals(hint("list", "--bogus"), "See: pgstrata help list");
});
