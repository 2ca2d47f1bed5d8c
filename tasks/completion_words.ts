import type { Command, Option, OptionTable } from "./command.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";

/** A command with its way from the top: `["snapshot", "list"]`. */
export interface PlacedCommand {
  readonly path: readonly string[];
  readonly command: Command;
}

/** All commands and subcommands, outer ones first. */
export function placedCommands(commands: readonly Command[], above: readonly string[] = []): PlacedCommand[] {
  return commands.flatMap((command) => {
    const path = [...above, command.name];
    return [{ path, command }, ...placedCommands(command.subcommands, path)];
  });
}

/** Options of a command together with those of every command. */
export function allOptions(command: Command | null): OptionTable {
  return { ...command?.options, ...GLOBAL_OPTIONS };
}

/** What is written for an option: `--layout`, `-n`, `--no-privileges`. */
export function optionWords(name: string, option: Option): string[] {
  if (option.kind === "flag" && option.default === true) return [`--no-${name}`];
  return option.short === undefined ? [`--${name}`] : [`--${name}`, `-${option.short}`];
}

/** Words an option's value can be; `folder` for a path; null for free text. */
export function valueWords(option: Option): readonly string[] | "folder" | null {
  if (option.kind === "choice") return option.choices;
  if (option.kind === "list" && option.choices !== undefined) return option.choices;
  return option.value === "DIR" ? "folder" : null;
}

/** What can stand where a command's arguments stand: its subcommands, or the words its arguments complete to. */
export function argumentWords(command: Command, commands: readonly Command[]): readonly string[] | "folder" {
  if (command.name === "help") return commands.map(({ name }) => name);
  if (command.subcommands.length > 0) return command.subcommands.map(({ name }) => name);
  const completes = command.positionals.map((positional) => positional.completes).find((words) => words !== undefined);
  return completes ?? [];
}
