import type { Command, Option, OptionTable, Positional } from "./command.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import { type Paint, PLAIN } from "./paint.ts";
import { wrap, wrapIndented } from "./wrap.ts";

/** How help is laid out. */
export interface HelpLayout {
  readonly columns?: number;
  readonly paint?: Paint;
}

/** Widest the text becomes, so that lines stay readable on wide terminals. */
const READABLE = 100;

/** Widest left column; longer options put their summary on the next line. */
const LEFT = 32;

const INTRODUCTION = "Backups of PostgreSQL and Supabase databases: one read of one snapshot, " +
  "a full archive, an archive per schema and readable SQL per table.";

/** Help for the whole program. */
export function generalHelp(commands: readonly Command[], layout: HelpLayout = {}): string {
  const { columns, paint } = withDefaults(layout);
  const rows = commands.map(({ name, summary }): Row => [name, summary]);
  return [
    wrap(`${paint.bold("pgstrata")} ${INTRODUCTION.charAt(0).toLowerCase()}${INTRODUCTION.slice(1)}`, columns).join(
      "\n",
    ),
    `${paint.bold("Usage:")} pgstrata <command> [arguments] [options]`,
    section("Commands", rows, columns, paint),
    section("Everywhere", optionRows(GLOBAL_OPTIONS), columns, paint),
    section(
      "First steps",
      [
        ["pgstrata backup", "back up staging (DATABASE_URL_STAGING in .env)"],
        ["pgstrata backup prod pre-upgrade", "back up prod, with a label"],
        ["pgstrata help backup", "all about one command, with examples"],
      ],
      columns,
      paint,
    ),
  ].join("\n\n") + "\n";
}

/**
 * Help for one command.
 *
 * @param path its name as written: `["snapshot", "list"]`
 */
export function commandHelp(command: Command, path: readonly string[], layout: HelpLayout = {}): string {
  const { columns, paint } = withDefaults(layout);
  const name = `pgstrata ${path.join(" ")}`;
  const parts = [
    `${paint.bold(name)}: ${command.summary}`,
    `${paint.bold("Usage:")} ${usageLine(command, path)}`,
    ...command.description.map((paragraph) => wrap(paragraph, columns).join("\n")),
  ];
  const sections: [string, Row[]][] = [
    ["Commands", command.subcommands.map(({ name, summary }): Row => [name, summary])],
    ["Arguments", command.positionals.map(({ name, summary }): Row => [name, summary])],
    ...optionGroups(command.options).map(([group, table]): [string, Row[]] => [group, optionRows(table)]),
    ["Everywhere", optionRows(withoutKeys(GLOBAL_OPTIONS, command.options))],
  ];
  const left = leftWidth(sections.flatMap(([, rows]) => rows));
  for (const [title, rows] of sections) {
    if (rows.length > 0) parts.push(section(title, rows, columns, paint, left));
  }
  if (command.examples.length > 0) {
    const examples = command.examples.map(({ line, does }) =>
      `  ${paint.cyan(line)}\n${wrapIndented(does, columns, 6)}`
    );
    parts.push(`${paint.bold("Examples")}\n${examples.join("\n")}`);
  }
  return parts.join("\n\n") + "\n";
}

/** `pgstrata backup [environment] [label] [options]`. */
export function usageLine(command: Command, path: readonly string[]): string {
  const words = ["pgstrata", ...path];
  if (command.subcommands.length > 0) words.push("<command>");
  words.push(...command.positionals.map(positionalWord));
  if (Object.keys(command.options).length > 0) words.push("[options]");
  return words.join(" ");
}

/** An option as it is written: `-n, --schema PATTERN`, `--no-privileges`. */
export function optionWord(name: string, option: Option): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  if (option.kind === "flag") return option.default === true ? `--no-${name}` : `${short}--${name}`;
  return `${short}--${name} ${valueWord(option)}`;
}

/** The name of an option's value in help: `FILE`, or `a|b` for a choice. */
export function valueWord(option: Option): string {
  if (option.value !== undefined) return option.value;
  if (option.kind === "choice") return option.choices.join("|");
  return { string: "TEXT", integer: "N", size: "SIZE", duration: "TIME", list: "TEXT", flag: "" }[option.kind];
}

/** A table's options by the heading they stand under, in the order they were written. */
export function optionGroups(table: OptionTable): [string, OptionTable][] {
  const groups = new Map<string, Record<string, Option>>();
  for (const [name, option] of Object.entries(table)) {
    const group = option.group ?? "Options";
    const options = groups.get(group) ?? {};
    options[name] = option;
    groups.set(group, options);
  }
  return [...groups];
}

type Row = readonly [left: string, right: string];

function optionRows(table: OptionTable): Row[] {
  return Object.entries(table).map(([name, option]): Row => [optionWord(name, option), optionSummary(option)]);
}

/** What an option does, and in brackets the facts about its value. */
export function optionSummary(option: Option): string {
  const facts: string[] = [];
  if (option.kind === "list" && option.choices !== undefined && option.choices.join(",") !== option.default) {
    facts.push(`any of ${option.choices.join(", ")}`);
  }
  if (option.kind === "list") facts.push(option.separated ? "separate by commas" : "repeatable");
  if (option.kind !== "flag" && option.default !== undefined) facts.push(`default: ${option.default}`);
  return facts.length === 0 ? option.summary : `${option.summary} (${facts.join("; ")})`;
}

/** Width of the left column, so that all right ones begin at the same place. */
function leftWidth(rows: readonly Row[]): number {
  return Math.min(LEFT, Math.max(...rows.map(([word]) => word.length)));
}

function section(
  title: string,
  rows: readonly Row[],
  columns: number,
  paint: Paint,
  left: number = leftWidth(rows),
): string {
  const lines = rows.flatMap(([word, text]) => {
    const wrapped = wrap(text, Math.max(20, columns - left - 4));
    const [first = "", ...rest] = wrapped;
    const gap = " ".repeat(left + 4);
    const head = word.length > left
      ? [`  ${paint.cyan(word)}`, gap + first]
      : [`  ${paint.cyan(word)}${" ".repeat(left - word.length)}  ${first}`];
    return [...head, ...rest.map((line) => gap + line)];
  });
  return [paint.bold(title), ...lines].join("\n");
}

function positionalWord({ name, required, many }: Positional): string {
  const dots = many ? "..." : "";
  return required ? `<${name}>${dots}` : `[${name}]${dots}`;
}

function withoutKeys(table: OptionTable, other: OptionTable): OptionTable {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !Object.hasOwn(other, name)));
}

function withDefaults(layout: HelpLayout): { readonly columns: number; readonly paint: Paint } {
  return { columns: Math.min(layout.columns ?? 80, READABLE), paint: layout.paint ?? PLAIN };
}
