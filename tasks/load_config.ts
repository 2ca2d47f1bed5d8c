import { resolve } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { type Config, CONFIG_FILE, readConfig } from "../lib/catalog/mod.ts";
import type { TaskContext } from "./command.ts";

/**
 * The configuration of a run: `--config`, else `PGSTRATA_CONFIG`, else `pgstrata.json` in the working folder, which
 * need not be there.
 *
 * @param env the environment with `.env` merged in
 * @throws {PgstrataError} code `usage` when a file that was named is not there, or one cannot be understood
 */
export async function loadConfig(
  { cwd, config }: Pick<TaskContext, "cwd" | "config">,
  env: Readonly<Record<string, string>>,
): Promise<Config> {
  const named = config ?? (env["PGSTRATA_CONFIG"] || undefined);
  const path = resolve(cwd, named ?? CONFIG_FILE);
  if (named !== undefined && !(await isThere(path))) {
    throw new PgstrataError(`Cannot read ${named}: there is no such file`, {
      code: "usage",
      hint: `${config === undefined ? "PGSTRATA_CONFIG" : "--config"} names it. Without, ${CONFIG_FILE} is read.`,
    });
  }
  return await readConfig(path);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
