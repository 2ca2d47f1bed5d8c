import type { Command } from "./command.ts";
import { allOptions, argumentWords, optionWords, placedCommands, valueWords } from "./completion_words.ts";

/** Completion for bash (3.2 and newer: macOS has that one). */
export function completeBash(commands: readonly Command[]): string {
  const placed = placedCommands(commands);
  const paths = placed.map(({ path }) =>
    `      ${path.length === 1 ? "" : path.slice(0, -1).join("/")}/${path.at(-1)}) ` +
    `path=${path.join("/")} ;;`
  );
  const places = [{ key: "", command: null }, ...placed.map(({ path, command }) => ({ key: path.join("/"), command }))];
  const values = places.flatMap(({ key, command }) =>
    Object.entries(allOptions(command)).flatMap(([name, option]) => {
      if (option.kind === "flag") return [];
      const pattern = optionWords(name, option).map((word) => `"${key} ${word}"`).join("|");
      const words = valueWords(option);
      if (words === null) return [`    ${pattern}) return ;;`];
      if (words === "folder") return [`    ${pattern}) COMPREPLY=($(compgen -d -- "$cur")); return ;;`];
      if (option.kind === "list" && option.separated) {
        return [`    ${pattern}) _pgstrata_list "${words.join(" ")}"; return ;;`];
      }
      return [`    ${pattern}) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$cur")); return ;;`];
    })
  );
  const words = places.map(({ key, command }) => {
    const options = Object.entries(allOptions(command)).flatMap(([name, option]) => optionWords(name, option))
      .filter((word) => word.startsWith("--"));
    const args = command === null ? commands.map(({ name }) => name) : argumentWords(command, commands);
    return `    "${key}") options="${options.join(" ")}" args="${args === "folder" ? "" : args.join(" ")}" ` +
      `folders=${args === "folder" ? 1 : 0} ;;`;
  });
  return `# bash completion for pgstrata: source <(pgstrata completions bash)
_pgstrata_list() {
  local done=""
  [[ $cur == *,* ]] && done="\${cur%,*},"
  COMPREPLY=($(compgen -P "$done" -W "$1" -- "\${cur##*,}"))
}
_pgstrata() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" path="" i options args folders
  COMPREPLY=()
  # Bash makes three words of --option=value.
  if [[ $cur == "=" ]]; then
    cur=""
  elif [[ $prev == "=" ]]; then
    prev="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/\${COMP_WORDS[i]}" in
${paths.join("\n")}
    esac
  done
  case "$path $prev" in
${values.join("\n")}
  esac
  case "$path" in
${words.join("\n")}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ $folders == 1 ]]; then
    COMPREPLY=($(compgen -d -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$args" -- "$cur"))
  fi
}
complete -F _pgstrata pgstrata
`;
}
