import { resolve } from "@std/path";
import type { Clock } from "../lib/base/mod.ts";
import type { Config } from "../lib/catalog/mod.ts";
import { loadEnvironment } from "../lib/connection/mod.ts";
import type { TaskContext } from "./command.ts";
import { loadConfig } from "./load_config.ts";

/** Which shelf a command is about, and by which rules. */
export interface ShelfSetting {
  /** Absolute. */
  readonly folder: string;
  readonly config: Config;
  /** The environment with `.env` merged in. */
  readonly env: Readonly<Record<string, string>>;
}

/** What commands about shelves need besides their arguments. */
export interface ShelfDeps {
  readonly clock: Clock;
}

/** The shelf of `--dir`, `PGSTRATA_DIR`, or `backups`, with its configuration. */
export async function shelfSetting(context: TaskContext): Promise<ShelfSetting> {
  const { env } = await loadEnvironment(context.cwd, context.env);
  return {
    folder: resolve(context.cwd, shelfName(context, env)),
    config: await loadConfig(context, env),
    env,
  };
}

/** The shelf's folder as it was named. */
export function shelfName({ dir }: Pick<TaskContext, "dir">, env: Readonly<Record<string, string>>): string {
  return dir ?? (env["PGSTRATA_DIR"] || "backups");
}
