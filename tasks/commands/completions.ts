import { type Command, defineCommand } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** `pgstrata completions`. */
export const completions: Command = defineCommand({
  name: "completions",
  summary: "print the completion script of a shell",
  description: ["Prints a script that completes commands, options and their values. Nothing is installed."],
  positionals: [
    { name: "shell", summary: "bash, zsh or fish", required: true, completes: ["bash", "zsh", "fish"] },
  ],
  options: {},
  examples: [
    { line: "source <(pgstrata completions bash)", does: "For this bash; put it into ~/.bashrc to keep it." },
    { line: 'pgstrata completions zsh > "${fpath[1]}/_pgstrata"', does: "For zsh, from its next start." },
    {
      line: "pgstrata completions fish > ~/.config/fish/completions/pgstrata.fish",
      does: "For fish, from its next start.",
    },
  ],
  load: () => loadRunner("completions"),
});
