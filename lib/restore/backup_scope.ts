import { PgstrataError } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import { NEEDS_MISSING } from "./restore_error.ts";

/** Options of `backup` that choose. */
const CHOICES = {
  schemas: "--schema",
  excludeSchemas: "--exclude-schema",
  tables: "--table",
  excludeTables: "--exclude-table",
} as const;

/** How a backup of a part was chosen, as `backup` takes it; empty for one of the whole database. */
export function choicesOf({ options }: Pick<Manifest, "options">): string[] {
  return Object.entries(CHOICES).flatMap(([name, option]) => {
    const patterns = options[name];
    return Array.isArray(patterns) ? patterns.map((pattern) => `${option} ${String(pattern)}`) : [];
  });
}

/** A backup of a part lacks what its objects need elsewhere: that is said where a restore fails for it. */
export function withScopeHint(error: unknown, manifest: Pick<Manifest, "options">): unknown {
  if (!(error instanceof PgstrataError) || !error.message.endsWith(NEEDS_MISSING)) return error;
  const choices = choicesOf(manifest);
  if (choices.length === 0) return error;
  const { message, code, context, cause } = error;
  return new PgstrataError(message, {
    code,
    context: { ...context, "the backup was made with": choices.slice(0, 6).join(" ") },
    cause,
    hint:
      "What was left out is missing here: restore a backup of the whole database, or restore into a database that " +
      "has the rest. Rows of single tables come without it: --table S.T --tier table.",
  });
}
