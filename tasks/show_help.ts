import { PgstrataError } from "../lib/base/mod.ts";
import type { Command, Invocation, TaskContext } from "./command.ts";
import type { HELP_OPTIONS } from "./commands/help.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { manPage } from "./man.ts";
import { closest } from "./usage_error.ts";
import { VERSION } from "./version.ts";

/** Prints help to standard output: somebody asked for it, it is the result. */
export function run(invocation: Invocation<typeof HELP_OPTIONS>, context: TaskContext): Promise<number> {
  const { console, commands } = context;
  if (invocation.options.man) console.result(manPage(commands, VERSION));
  else console.result(helpFor(invocation.positionals, context));
  return Promise.resolve(0);
}

/**
 * Help for the command a path of names leads to; for the whole program where it is empty.
 *
 * @throws {PgstrataError} code `usage` when there is no such command.
 */
export function helpFor(path: readonly string[], context: Pick<TaskContext, "console" | "commands">): string {
  const { console, commands } = context;
  const layout = { columns: console.stdout.columns(), paint: console.resultPaint };
  let found: Command | undefined;
  let candidates = commands;
  for (const word of path) {
    found = candidates.find(({ name }) => name === word);
    if (found === undefined) {
      const near = closest(word, candidates.map(({ name }) => name));
      throw new PgstrataError(`Cannot explain ${path.join(" ")}: there is no such command`, {
        code: "usage",
        hint: `${near === null ? "" : `Did you mean ${near}? `}There are: ${
          candidates.map(({ name }) => name).join(", ")
        }.`,
      });
    }
    candidates = found.subcommands;
  }
  return found === undefined ? generalHelp(commands, layout) : commandHelp(found, path, layout);
}
