import { PgstrataError } from "../lib/base/mod.ts";
import { isSameEnvironment } from "../lib/catalog/mod.ts";

/** How an environment was named: as an argument or with `--env`. */
export interface NamedEnvironment {
  readonly positionals: readonly string[];
  readonly env: string | undefined;
}

/** A shelf, or a store, as far as its environments go. */
export interface WithEnvironments {
  /** Its name for people. */
  readonly folder: string;
  readonly entries: readonly { readonly environment: string | null }[];
}

/**
 * The environments a command about a shelf means; null for all of them. `both` is prod with staging, or with dev on a
 * shelf that holds nothing of staging.
 *
 * @throws {PgstrataError} code `usage` when it is named twice
 */
export function namedEnvironments(named: NamedEnvironment, shelf: WithEnvironments): readonly string[] | null {
  const [word] = named.positionals;
  if (word !== undefined && named.env !== undefined) {
    throw new PgstrataError(`Cannot choose an environment: it is given twice, ${word} and ${named.env}`, {
      code: "usage",
      hint: "Give it once.",
    });
  }
  const name = word ?? named.env;
  if (name === undefined || name === "all") return null;
  if (name !== "both") return [name];
  return ["prod", isOnShelf("staging", shelf) || !isOnShelf("dev", shelf) ? "staging" : "dev"];
}

/** What to say about environments that a shelf holds nothing of; null when there is something of each. */
export function missingText(environments: readonly string[] | null, shelf: WithEnvironments): string | null {
  const missing = (environments ?? []).filter((environment) => !isOnShelf(environment, shelf));
  if (missing.length === 0) return null;
  const known = [...new Set(shelf.entries.flatMap(({ environment }) => environment ?? []))].sort();
  return `there is no backup of ${missing.join(" and ")} in ${shelf.folder}; ` +
    (known.length === 0 ? "it is empty" : `there are backups of ${known.join(", ")}`);
}

/** Whether a shelf holds anything of an environment. */
function isOnShelf(environment: string, { entries }: WithEnvironments): boolean {
  return entries.some((entry) => entry.environment !== null && isSameEnvironment(entry.environment, environment));
}
