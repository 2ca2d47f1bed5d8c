import { qualifiedName } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { type Extension, type Relation } from "../inventory/mod.ts";
import { type Check, ok, shortened, warning } from "./check.ts";
import { EXTENSION_FACTS } from "./extension_facts.ts";
import { mayRead } from "./may_read.ts";

/**
 * What a logical backup means for the installed extensions: those that are known, and any whose tables pg_dump
 * leaves out.
 *
 * @param hasRows whether a table holds rows; null where this role may not look
 */
export async function extensionChecks(
  extensions: readonly Extension[],
  relations: readonly Relation[],
  hasRows: (schema: string, table: string) => Promise<boolean | null>,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { name, version } of extensions) {
    const facts = EXTENSION_FACTS[name];
    const title = `extension:${name}`;
    const tables = relations.filter(({ extension, extensionConfiguration, kind }) =>
      extension === name && !extensionConfiguration && (kind === "table" || kind === "partitioned_table")
    ).map(({ schema, name: table }) => qualifiedName(schema, table));
    if (facts === undefined) {
      if (tables.length > 0) {
        const message =
          `${name} ${version} has tables that pg_dump leaves out; pgstrata copies their rows into the table ` +
          "tier, a plain pg_restore does not bring them back";
        checks.push(
          warning(title, message, "After a restore load their data.sql from the table tier", shortened(tables)),
        );
      }
      continue;
    }
    const { matters } = facts;
    const counts = typeof matters === "string"
      ? matters === "always"
      : await hasRows(matters.schema, matters.table) !== false;
    const message = `${name} ${version}: ${facts.meaning}`;
    checks.push(counts ? warning(title, message, facts.fix, shortened(tables)) : ok(title, message, shortened(tables)));
  }
  return checks.length > 0 ? checks : [ok("extensions", `${extensions.length} installed, none with data of its own`)];
}

/** Asks a session whether a table has rows; the table may be missing or unreadable. */
export function rowsIn(session: Session): (schema: string, table: string) => Promise<boolean | null> {
  return async (schema, table) => {
    const readable = await mayRead(session, schema, table);
    if (readable !== true) return readable === false ? null : false;
    const [row] = await session.query<{ any: boolean }>(
      `SELECT EXISTS (SELECT FROM ${qualifiedName(schema, table)}) AS any`,
    );
    return row?.any === true;
  };
}
