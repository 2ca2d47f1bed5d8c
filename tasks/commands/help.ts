import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `help`. */
export const HELP_OPTIONS = {
  man: { kind: "flag", summary: "Print the manual page instead, for man -l -" },
} as const satisfies OptionTable;

/** `pgstrata help`. */
export const help: Command = defineCommand({
  name: "help",
  summary: "explain a command, with examples",
  description: ["The same as --help after a command. Without a command: what there is."],
  positionals: [{ name: "command", summary: "the command, such as backup", many: true }],
  options: HELP_OPTIONS,
  examples: [
    { line: "pgstrata help backup", does: "Everything about backup." },
    { line: "pgstrata help --man | man -l -", does: "The manual page." },
  ],
  load: () => loadRunner("help"),
});
