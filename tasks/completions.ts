import { completeBash } from "./complete_bash.ts";
import { completeFish } from "./complete_fish.ts";
import { completeZsh } from "./complete_zsh.ts";
import { PgstrataError } from "../lib/base/mod.ts";
import type { Command, Invocation, TaskContext } from "./command.ts";

/** Prints the completion script of a shell. */
export function run({ positionals }: Invocation, { console, commands }: TaskContext): Promise<number> {
  console.result(completionScript(positionals[0] ?? "", commands));
  return Promise.resolve(0);
}

/**
 * The completion script of a shell, made from the command table.
 *
 * @throws {PgstrataError} code `usage` for a shell we do not know.
 */
export function completionScript(shell: string, commands: readonly Command[]): string {
  if (shell === "bash") return completeBash(commands);
  if (shell === "zsh") return completeZsh(commands);
  if (shell === "fish") return completeFish(commands);
  throw new PgstrataError(`Cannot complete for ${shell}: the shell is not known`, {
    code: "usage",
    hint: "There are: bash, zsh, fish.",
  });
}
