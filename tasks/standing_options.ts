import { resolve } from "@std/path";
import type { TaskContext } from "./command.ts";

/**
 * Options that a timer has to repeat: where the shelf and the configuration are, when the command line or the shell
 * says so. What stands in `.env` is read again by every run.
 */
export function standingOptions(
  { cwd, dir, config, env }: Pick<TaskContext, "cwd" | "dir" | "config" | "env">,
): string[] {
  const option = (name: string, given: string | undefined) =>
    given === undefined || given === "" ? [] : [`--${name}=${resolve(cwd, given)}`];
  return [...option("dir", dir ?? env["PGSTRATA_DIR"]), ...option("config", config ?? env["PGSTRATA_CONFIG"])];
}
