import { assert } from "@std/assert";
import { COMMANDS } from "../../tasks/commands.ts";
import { parseCommandLine } from "../../tasks/parse.ts";
import { ROOT } from "../tasks/run_main.ts";

const TASKS: Readonly<Record<string, unknown>> = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`)).tasks;

/**
 * Lets pgstrata's own parser read every command line of ours in a piece of shell.
 *
 * @returns how many there were
 * @throws {PgstrataError} for commands and options that do not exist
 */
export function checkOwnCommands(code: string): number {
  let count = 0;
  const lines = code.replaceAll(/\\\n\s*/g, " ")
    .replaceAll(/<<'?(\w+)'?\n[^]*?^\1$/gm, "")
    .replaceAll(/'[^'\n]*'/g, (quoted) => quoted.replaceAll(/[|&;()<>#]/g, "_"))
    .split("\n");
  for (const line of lines) {
    for (const command of simpleCommands(line.replace(/(?:^|\s)#.*$/, ""))) {
      const words = ownCommand(command.trim());
      if (words === null) continue;
      parseCommandLine(words, COMMANDS);
      count++;
    }
  }
  return count;
}

/** The commands of a line, those of `$(…)` too. */
function simpleCommands(line: string): string[] {
  const inner: string[] = [];
  let outer = line;
  for (let before = ""; before !== outer;) {
    before = outer;
    outer = outer.replace(/\$\(([^()]*)\)/, (_, command: string) => {
      inner.push(command);
      return "substituted";
    });
  }
  return [outer, ...inner].flatMap((text) => text.split(/\|\||&&|[|;&(]/));
}

/** The command line of pgstrata that a shell command runs, or null. */
function ownCommand(command: string): string[] | null {
  const bare = command.replace(/^(?:[A-Z_]+=\S* +)*/, "").replaceAll(/\s*\d?[<>]>?\s*\S+|\).*$/g, "");
  const words = [...bare.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/["']/g, ""));
  const [first, second, third, ...rest] = words[0] === "npx" ? ["deno", ...words.slice(2)] : words;
  if (first === "pgstrata") return words.slice(1);
  if (first !== "deno" || second !== "task") return null;
  assert(third !== undefined && third in TASKS, `deno.json has no task ${third}`);
  const task = String((TASKS[third] as { command?: string }).command).split("tasks/main.ts")[1];
  return task === undefined ? null : [...task.split(" ").filter((word) => word !== ""), ...rest];
}
