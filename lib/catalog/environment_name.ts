import { PgstrataError } from "../base/mod.ts";

/**
 * An environment's name as it stands in folder names: `_` separates the parts there, so it becomes `-`.
 * Environments come from variables (`DATABASE_URL_<NAME>`), which cannot hold a `-`: two never meet.
 *
 * @throws {PgstrataError} code `usage` when the name has other characters than letters, digits, `_` and `-`.
 */
export function environmentFolder(environment: string): string {
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/i.test(environment)) {
    throw new PgstrataError(`Cannot use environment name "${environment}": it cannot stand in a folder name`, {
      code: "usage",
      hint: "Use letters, digits, _ and -, at most 63, the first a letter or digit.",
    });
  }
  return environment.replaceAll("_", "-");
}

/** Whether two names mean one environment: by true name, or as folder names have it (`-` for `_`). */
export function isSameEnvironment(one: string, other: string): boolean {
  return one.replaceAll("_", "-") === other.replaceAll("_", "-");
}
