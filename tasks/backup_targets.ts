import { PgstrataError } from "../lib/base/mod.ts";
import { parseConnectionString, resolveTargets, type Target } from "../lib/connection/mod.ts";
import type { BackupRequest } from "./backup_request.ts";

/** What {@linkcode backupTargets} found. */
export interface FoundTargets {
  readonly targets: readonly Target[];
  readonly warnings: readonly string[];
}

/**
 * The databases that a request means.
 *
 * @param env the environment with `.env` merged in
 * @param readInput reads standard input, for `--url -`
 * @throws {PgstrataError} code `usage` when something is not configured or cannot be read.
 */
export async function backupTargets(
  { source, environment }: Pick<BackupRequest, "source" | "environment">,
  env: Readonly<Record<string, string>>,
  readInput: () => Promise<string>,
): Promise<FoundTargets> {
  switch (source.from) {
    case "environment":
      return { targets: resolveTargets(source.name, env), warnings: [] };
    case "url": {
      const target = parseConnectionString(source.url, { environment, source: "--url", env });
      // A password that came from PGPASSWORD or a pass file is not in the process list.
      const inList = target.password !== undefined && target.password.reveal() !== env["PGPASSWORD"];
      const warning = "The password in --url can be read by everybody on this machine while pgstrata runs, " +
        "and stays in the shell's history. Use --url-env NAME or --url - instead.";
      return { targets: [target], warnings: inList ? [warning] : [] };
    }
    case "stdin": {
      const text = (await readInput()).trim();
      if (text === "") {
        throw empty("--url -", "Standard input was empty. For example: pass show prod-url | pgstrata ...");
      }
      return { targets: [parseConnectionString(text, { environment, source: "--url -", env })], warnings: [] };
    }
    case "variable": {
      const text = env[source.variable];
      if (!text) throw empty(`--url-env ${source.variable}`, `The variable ${source.variable} is not set or empty.`);
      return { targets: [parseConnectionString(text, { environment, source: source.variable, env })], warnings: [] };
    }
  }
}

function empty(option: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot read ${option}: there is no connection string`, { code: "usage", hint });
}
