import { parseArgs } from "@std/cli/parse-args";
import type { PgstrataError } from "../lib/base/mod.ts";
import type { Command, Invocation, Option, OptionTable, OptionValues } from "./command.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import { normalizeArguments } from "./normalize_arguments.ts";
import { readValues } from "./read_values.ts";
import { closest, usage } from "./usage_error.ts";

/** Values of the options that every command has. */
export type GlobalValues = OptionValues<typeof GLOBAL_OPTIONS>;

/** A command line, understood. */
export interface CommandLine {
  /** Null: no command was named. */
  readonly command: Command | null;
  /** `backup`, or `snapshot list`. */
  readonly path: readonly string[];
  readonly global: GlobalValues;
  readonly invocation: Invocation;
}

/**
 * Understands a whole command line: global options, the command and, where it has them, its
 * subcommand, then its own options and arguments.
 *
 * With `--help` or `--version` missing arguments are not an error.
 *
 * @throws {PgstrataError} code `usage`, with what was probably meant.
 */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): CommandLine {
  let path: string[] = [];
  let command: Command | null = null;
  let candidates = commands;
  let table: OptionTable = GLOBAL_OPTIONS;
  let rest = [...argv];
  const before: string[] = [];
  while (candidates.length > 0) {
    const index = firstWord(rest, table);
    const word = rest[index];
    if (word === undefined) break;
    const found = candidates.find(({ name }) => name === word);
    if (found === undefined && command !== null && word === HELP) break;
    if (found === undefined) throw unknownCommand([...path, word], candidates);
    before.push(...rest.slice(0, index));
    rest = rest.slice(index + 1);
    command = found;
    path = [...path, word];
    candidates = found.subcommands;
    table = { ...GLOBAL_OPTIONS, ...found.options };
  }
  const { options, positionals } = parseOptions([...before, ...rest], table, path, commands);
  const given = options as unknown as GlobalValues;
  const global = isHelp(path, positionals) ? { ...given, help: true } : given;
  if (command !== null && !global.help && !global.version) {
    if (command.subcommands.length > 0) throw missingSubcommand(command);
    checkPositionals(command, path, positionals);
  }
  return { command, path, global, invocation: { positionals, options } };
}

const HELP = "help";

/**
 * `backup help` is `help backup`: never a backup with the label "help" (`--label help`). Deeper down the word may be
 * the name of a table.
 */
function isHelp(path: readonly string[], positionals: readonly string[]): boolean {
  return path.length === 1 && path[0] !== HELP && positionals.length === 1 && positionals[0] === HELP;
}

/** Index of the first argument that is neither an option nor an option's value; the length if there is none. */
function firstWord(argv: readonly string[], table: OptionTable): number {
  for (let index = 0; index < argv.length; index++) {
    const { args, taken } = normalizeArguments(argv.slice(index), table, 1);
    if (args[0] === "--") return argv.length;
    if (!args[0]?.startsWith("-") || args[0] === "-") return index;
    index += taken - 1;
  }
  return argv.length;
}

/**
 * Reads options and positionals.
 *
 * @param path the command's name, for messages
 * @param commands all there are: an option may be one of another command
 * @throws {PgstrataError} code `usage` for unknown, repeated, empty or unreadable options.
 */
export function parseOptions(
  argv: readonly string[],
  table: OptionTable,
  path: readonly string[] = [],
  commands: readonly Command[] = [],
): Invocation {
  const named = (predicate: (option: Option) => boolean) =>
    Object.keys(table).filter((name) => {
      const option = table[name];
      return option !== undefined && predicate(option);
    });
  const flags = named(({ kind }) => kind === "flag");
  const valued = named(({ kind }) => kind !== "flag");
  const parsed = parseArgs(normalizeArguments(argv, table).args, {
    boolean: flags,
    negatable: named((option) => option.kind === "flag" && option.default === true),
    default: Object.fromEntries(flags.map((name) => [name, table[name]?.default ?? false])),
    string: ["_", ...valued],
    collect: valued,
    "--": true,
    unknown: (arg, key) => {
      if (key !== undefined) throw unknownOption(arg.replace(/=.*$/s, ""), table, path, commands);
      return true;
    },
  });
  const options: Record<string, unknown> = {};
  for (const name of flags) options[name] = parsed[name] === true;
  for (const name of valued) {
    const option = table[name];
    if (option !== undefined) options[name] = readValues(name, option, parsed[name] as readonly string[], path);
  }
  return { positionals: [...parsed._, ...(parsed["--"] ?? [])].map(String), options: options as Invocation["options"] };
}

function checkPositionals(command: Command, path: readonly string[], given: readonly string[]): void {
  const { positionals } = command;
  const empty = given.findIndex((text) => text.trim() === "");
  if (empty !== -1) {
    throw usage(`Cannot run ${path.join(" ")}: argument ${empty + 1} is empty`, path);
  }
  const missing = positionals.find((positional, index) => positional.required && given[index] === undefined);
  if (missing !== undefined) {
    throw usage(`Cannot run ${path.join(" ")}: ${missing.name} is missing`, path, `It is: ${missing.summary}.`);
  }
  const extra = given[positionals.length];
  if (extra !== undefined && !positionals.at(-1)?.many) {
    const takes = positionals.length === 0 ? "no arguments" : `at most ${positionals.length}`;
    throw usage(`Cannot run ${path.join(" ")}: "${extra}" is one argument too many, it takes ${takes}`, path);
  }
}

function unknownOption(
  option: string,
  table: OptionTable,
  path: readonly string[],
  commands: readonly Command[],
): PgstrataError {
  const names = Object.entries(table).flatMap(([name, { kind, default: initial }]) =>
    kind === "flag" && initial === true ? [`--no-${name}`] : [`--${name}`]
  );
  const suggestion = option.startsWith("--") ? closest(option, names) : null;
  const where = path.length === 0 ? "pgstrata" : path.join(" ");
  const elsewhere = owners(option.replace(/^--/, ""), commands).filter((name) => name !== where);
  const hints = [
    ...suggestion === null ? [] : [`Did you mean ${suggestion}?`],
    ...elsewhere.length === 0 ? [] : [`It is an option of ${elsewhere.slice(0, MOST_NAMED).join(", ")}.`],
    ...elsewhere.length > 0 ? INSTEAD.get(`${where} ${option}`) ?? [] : [],
  ];
  return usage(
    `Cannot run ${where}: there is no option ${option}`,
    path,
    hints.length === 0 ? undefined : hints.join(" "),
  );
}

/** Commands named that have an option which another one has not. */
const MOST_NAMED = 3;

/** Options that people look for where something else does the same. */
const INSTEAD: ReadonlyMap<string, readonly string[]> = new Map(
  ["backup", "snapshot export"].map((command) => [
    `${command} --recipient`,
    ["With --encrypt, recipients come from pgstrata.json or PGSTRATA_AGE_RECIPIENTS."],
  ]),
);

/** Commands that have an option, by their whole names. */
function owners(name: string, commands: readonly Command[], above: string = ""): string[] {
  const positive = name.replace(/^no-/, "");
  return commands.flatMap(({ options, ...command }) => [
    ...Object.hasOwn(options, name) || (positive !== name && options[positive]?.kind === "flag")
      ? [above + command.name]
      : [],
    ...owners(name, command.subcommands, `${above}${command.name} `),
  ]);
}

function unknownCommand(path: readonly string[], candidates: readonly Command[]): PgstrataError {
  const suggestion = closest(path.at(-1) ?? "", candidates.map(({ name }) => name));
  return usage(
    `Cannot run "${path.join(" ")}": there is no such command`,
    path.slice(0, -1),
    suggestion === null ? undefined : `Did you mean ${suggestion}?`,
  );
}

function missingSubcommand(command: Command): PgstrataError {
  const names = command.subcommands.map(({ name }) => name).join(", ");
  return usage(`Cannot run ${command.name}: say what to do: ${names}`, [command.name]);
}
