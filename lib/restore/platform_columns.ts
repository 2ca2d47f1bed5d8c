import type { TocEntry } from "../archive/mod.ts";
import { PgstrataError, qualifiedName } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { columnsOf } from "./beside_plan.ts";

const COLUMNS = `
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS table, a.attname AS name
FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  AND pg_catalog.format('%I.%I', n.nspname, c.relname) = ANY ($1::pg_catalog.text[])`;

/**
 * Checks that the platform's own tables take the backup's rows.
 *
 * @throws {PgstrataError} code `refused` when the target's platform is older: a column is missing
 */
export async function checkPlatformColumns(session: Session, rows: readonly TocEntry[]): Promise<void> {
  const data = rows.filter(({ desc }) => desc === "TABLE DATA");
  const nameOf = (entry: TocEntry) => qualifiedName(entry.namespace ?? "", entry.tag ?? "");
  const found = await session.query<{ table: string; name: string }>(COLUMNS, [data.map(nameOf)]);
  const known = new Set(found.map(({ table, name }) => `${table}.${name}`));
  const missing = data.flatMap((entry) => columnsOf(entry).map((column) => `${nameOf(entry)}.${column}`)).filter((
    name,
  ) => !known.has(name));
  if (missing.length === 0) return;
  throw new PgstrataError("Cannot restore rows into the platform's tables: they lack columns of the backup", {
    code: "refused",
    context: { missing: missing.slice(0, 12).join(", ") },
    hint: "The target's platform is older than the source's: upgrade the project, then restore.",
  });
}
