import type { Command, OptionTable } from "./command.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import { optionGroups, optionSummary, optionWord, usageLine } from "./help.ts";

/** Exit codes as the manual page explains them. */
const EXIT_TEXTS: readonly (readonly [string, string])[] = [
  ["0", "Done."],
  ["1", "Failed."],
  ["2", "Wrong usage or configuration."],
  ["3", "Finished but not good: a verification failed, or a backup is incomplete."],
  ["4", "Cannot reach or log in to the database."],
  ["5", "A tool is missing or has the wrong version."],
  ["6", "No room on disk or in storage."],
  ["7", "Refused for safety."],
  ["130", "Interrupted."],
];

const VARIABLES: readonly (readonly [string, string])[] = [
  ["DATABASE_URL_PROD, DATABASE_URL_STAGING, DATABASE_URL_NAME", "Connection strings of the environments."],
  ["DATABASE_URL", "Connection string of staging, where DATABASE_URL_STAGING is not set."],
  ["PGSTRATA_DIR", "Folder that holds the backups."],
  ["PGSTRATA_PG_BIN", "Folder of PostgreSQL's client programs."],
  ["NO_COLOR", "No colours, whatever its value."],
];

/** The manual page `pgstrata(1)` in roff, made from the command table. */
export function manPage(commands: readonly Command[], version: string): string {
  const lines = [
    `.TH PGSTRATA 1 "" "pgstrata ${roff(version)}" "User Commands"`,
    ".SH NAME",
    "pgstrata \\- backups of PostgreSQL and Supabase databases",
    ".SH SYNOPSIS",
    ".B pgstrata",
    ".I command",
    "[\\fIarguments\\fR] [\\fIoptions\\fR]",
    ".SH DESCRIPTION",
    "Reads a database once, in one snapshot, and writes a full archive, an archive per schema and readable SQL per table.",
    ".SH COMMANDS",
    ...flatten(commands, []).flatMap(({ command, path }) => commandLines(command, path)),
    ".SH OPTIONS OF EVERY COMMAND",
    ...optionLines(GLOBAL_OPTIONS),
    ".SH EXIT STATUS",
    ...EXIT_TEXTS.flatMap(([code, text]) => tagged(code, text)),
    ".SH ENVIRONMENT",
    ...VARIABLES.flatMap(([name, text]) => tagged(name, text)),
    ".SH FILES",
    ...tagged(".env", "Variables of the environment; the real environment wins."),
    ...tagged("backups/", "The backups, where neither --dir nor PGSTRATA_DIR names another folder."),
    ".SH SEE ALSO",
    "\\fBpg_dump\\fR(1), \\fBpg_restore\\fR(1), \\fBpsql\\fR(1)",
  ];
  return `${lines.join("\n")}\n`;
}

interface Placed {
  readonly command: Command;
  readonly path: readonly string[];
}

function flatten(commands: readonly Command[], above: readonly string[]): Placed[] {
  return commands.flatMap((command) => {
    const path = [...above, command.name];
    return [{ command, path }, ...flatten(command.subcommands, path)];
  });
}

function commandLines(command: Command, path: readonly string[]): string[] {
  return [
    `.SS "${roff(usageLine(command, path))}"`,
    ...command.description.flatMap((paragraph, index) => [...(index === 0 ? [] : [".PP"]), text(paragraph)]),
    ...command.positionals.flatMap(({ name, summary }) => tagged(name, summary)),
    ...optionGroups(command.options).flatMap(([, table]) => optionLines(table)),
    ...command.examples.flatMap(({ line, does }) => [".PP", text(does), ".RS", ".nf", text(line), ".fi", ".RE"]),
  ];
}

function optionLines(table: OptionTable): string[] {
  return Object.entries(table).flatMap(([name, option]) => {
    return tagged(optionWord(name, option), `${optionSummary(option)}.`);
  });
}

function tagged(tag: string, meaning: string): string[] {
  return [".TP", `\\fB${roff(tag)}\\fR`, text(meaning)];
}

/** Text as roff: backslashes and hyphens escaped (a bare `-` becomes a dash that cannot be copied). */
function roff(value: string): string {
  return value.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll('"', "\\(dq").replaceAll("'", "\\(aq");
}

/** A line of text; one that begins with a dot would be a request. */
function text(value: string): string {
  const escaped = roff(value);
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}
