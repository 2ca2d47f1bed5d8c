import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";

/** What is running now. */
export interface RunningProgram {
  /** As `Deno.execPath()`. */
  readonly execPath: string;
  /** As `import.meta.url` of the entry; inside a compiled binary its own. */
  readonly main: string;
  /** Whether it is a binary made by `deno compile`. */
  readonly compiled: boolean;
}

/** This process. */
export function runningProgram(): RunningProgram {
  const execPath = Deno.execPath();
  return { execPath, main: Deno.mainModule, compiled: !/(?:^|[\\/])deno(?:\.exe)?$/.test(execPath) };
}

/**
 * How pgstrata is called by others, as words: what the user says, else the binary itself, else Deno with the entry
 * and the permissions of the task.
 *
 * @throws {PgstrataError} code `usage` for a command whose program is no absolute path where one is needed
 */
export function ownCommand(given: string | undefined, running: RunningProgram): string[] {
  if (given !== undefined) {
    const words = given.split(" ").filter((word) => word !== "");
    if (words[0]?.startsWith("/") === true) return words;
    throw new PgstrataError(`Cannot use --command: "${given}" does not begin with an absolute path`, {
      code: "usage",
      hint: "Timers have no PATH of yours: write for example /usr/local/bin/pgstrata.",
    });
  }
  if (running.compiled) return [running.execPath];
  const entry = new URL(running.main).pathname;
  const config = join(entry, "..", "..", "deno.json");
  return [running.execPath, "run", `--config=${config}`, ...PERMISSIONS, entry];
}

/** What the task `pgstrata` in deno.json allows. */
const PERMISSIONS = ["--allow-env", "--allow-read", "--allow-write", "--allow-net", "--allow-run", "--allow-sys"];
