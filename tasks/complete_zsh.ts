import type { Command, Option } from "./command.ts";
import { allOptions, argumentWords, optionWords, valueWords } from "./completion_words.ts";
import { valueWord } from "./help.ts";

/** Completion for zsh: save it as `_pgstrata` in a folder of `$fpath`. */
export function completeZsh(commands: readonly Command[]): string {
  return `#compdef pgstrata
# zsh completion for pgstrata: pgstrata completions zsh > "\${fpath[1]}/_pgstrata"
${zshFunction("_pgstrata", null, commands, commands)}
if [[ $funcstack[1] == _pgstrata ]]; then
  _pgstrata "$@"
else
  compdef _pgstrata pgstrata
fi
`;
}

/** The function of a command, after those of the commands below it. */
function zshFunction(
  name: string,
  command: Command | null,
  below: readonly Command[],
  all: readonly Command[],
): string {
  const specs = Object.entries(allOptions(command)).flatMap(([option, spec]) => optionSpecs(option, spec));
  const words = command === null ? [] : argumentWords(command, all);
  if (below.length === 0) {
    const action = words === "folder" ? "_files -/" : words.length === 0 ? " " : `(${words.join(" ")})`;
    return `${name}() {
  _arguments -s ${[...specs, quote(`*:argument:${action}`)].join(" \\\n    ")}
}`;
  }
  const inner = below.map((one) => zshFunction(`${name}_${one.name}`, one, one.subcommands, all));
  return `${inner.join("\n")}
${name}() {
  local curcontext="$curcontext" state line
  local -a commands=(
${below.map((one) => `    ${quote(`${one.name}:${one.summary}`)}`).join("\n")}
  )
  _arguments -C -s ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(" \\\n    ")}
  case $state in
    command) _describe command commands ;;
    rest) (( $+functions[${name}_\${line[1]}] )) && ${name}_\${line[1]} ;;
  esac
}`;
}

function optionSpecs(name: string, option: Option): string[] {
  const words = valueWords(option);
  const repeat = option.kind === "list" ? "*" : "";
  const summary = option.summary.replaceAll(/[[\]]/g, "\\$&").replaceAll(":", "\\:");
  return optionWords(name, option).map((word) => {
    if (option.kind === "flag") return quote(`${word}[${summary}]`);
    const assigned = word.startsWith("--") ? `${word}=` : `${word}+`;
    const label = valueWord(option).toLowerCase().replaceAll(/[^a-z0-9 ]/g, " ");
    return quote(`${repeat}${assigned}[${summary}]:${label}:${action(option, words)}`);
  });
}

function action(option: Option, words: ReturnType<typeof valueWords>): string {
  if (words === "folder") return "_files -/";
  if (words === null) return " ";
  if (option.kind === "list" && option.separated) return `_values -s , value ${words.join(" ")}`;
  return `(${words.join(" ")})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
