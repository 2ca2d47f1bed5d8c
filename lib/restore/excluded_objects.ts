import { qualifiedName, quoteIdentifier } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import type { RestoreOptions } from "./options.ts";
import type { Selection } from "./selection.ts";

/** Names in one warning. */
const MOST = 8;

/**
 * Tells what of the choice the backup was told to leave out: a table comes back empty, or not at all, and nothing that is
 * compared with the backup shows it.
 *
 * @returns a warning, or null
 */
export function excludedObjects(
  { omissions }: Pick<Manifest, "omissions">,
  { whole, schemas, names }: Pick<Selection, "whole" | "schemas" | "names">,
  { content }: Pick<RestoreOptions, "content">,
): string | null {
  const tables = new Set(names.map(({ schema, name }) => qualifiedName(schema, name)));
  const excluded = omissions.filter(({ kind, object, severity }) =>
    severity === "excluded" && !(content === "schema-only" && kind === "table data") &&
    (whole || tables.has(object) || schemas.some((schema) => object.startsWith(`${quoteIdentifier(schema)}.`)))
  ).map(({ kind, object }) => kind === "table data" ? `the rows of ${object}` : `${kind} ${object}`);
  if (excluded.length === 0) return null;
  const rest = excluded.length - MOST;
  return `the backup was made without ${excluded.slice(0, MOST).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}: ` +
    "that does not come back";
}
