import type { Command, Option, OptionTable } from "./command.ts";
import { argumentWords, placedCommands, valueWords } from "./completion_words.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";

/** Completion for fish: save it as `~/.config/fish/completions/pgstrata.fish`. */
export function completeFish(commands: readonly Command[]): string {
  const lines = [
    "# fish completion for pgstrata: pgstrata completions fish > ~/.config/fish/completions/pgstrata.fish",
    "complete -c pgstrata -f",
    ...optionLines(GLOBAL_OPTIONS, null),
    ...commands.map(({ name, summary }) =>
      `complete -c pgstrata -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`
    ),
  ];
  for (const { path, command } of placedCommands(commands)) {
    const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
    for (const below of command.subcommands) {
      lines.push(`complete -c pgstrata -n ${quote(seen)} -a ${below.name} -d ${quote(below.summary)}`);
    }
    const words = argumentWords(command, commands);
    if (words === "folder") lines.push(`complete -c pgstrata -n ${quote(seen)} -a '(__fish_complete_directories)'`);
    else if (words.length > 0 && command.subcommands.length === 0) {
      lines.push(`complete -c pgstrata -n ${quote(seen)} -a ${quote(words.join(" "))}`);
    }
    lines.push(...optionLines(command.options, seen));
  }
  return `${lines.join("\n")}\n`;
}

function optionLines(table: OptionTable, condition: string | null): string[] {
  return Object.entries(table).map(([name, option]) => {
    const parts = ["complete -c pgstrata"];
    if (condition !== null) parts.push(`-n ${quote(condition)}`);
    parts.push(`-l ${option.kind === "flag" && option.default === true ? `no-${name}` : name}`);
    if (option.short !== undefined) parts.push(`-s ${option.short}`);
    parts.push(...value(option), `-d ${quote(option.summary)}`);
    return parts.join(" ");
  });
}

function value(option: Option): string[] {
  if (option.kind === "flag") return [];
  const words = valueWords(option);
  if (words === "folder") return ["-x", "-a '(__fish_complete_directories)'"];
  return words === null ? ["-x"] : ["-x", `-a ${quote(words.join(" "))}`];
}

/** Single quotes: fish knows only \\ and \' in them. */
function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
