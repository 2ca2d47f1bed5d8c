import { quoteIdentifier, sizeText } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { databaseName } from "./maintenance.ts";

/** What the comment of a database that is being restored begins with. */
export const UNFINISHED = "pgstrata restore, unfinished: ";

/** What the comment of one begins with that was kept since it differs. */
export const DIFFERENT = "pgstrata restore, differs from the backup: ";

const DATABASES = `
SELECT d.datname AS name, pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
  CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN pg_catalog.pg_database_size(d.oid) END::pg_catalog.text
    AS bytes
FROM pg_catalog.pg_database AS d WHERE pg_catalog.starts_with(d.datname, $1) ORDER BY d.datname`;

/** How the name of a database ends that a swap restores into. */
const TIME = /^\d{8}_\d{6}(?:_\d+)?$/;

/**
 * Databases that earlier restores into this one have left behind, in words. Whoever calls holds the lock of the restore:
 * none of them is in the making.
 */
export async function describeLeftovers(session: Session, database: string): Promise<string[]> {
  // Names are cut to 63 bytes; the beginning is the same for every time.
  const prefix = databaseName(database, "_restore_20000101_000000").slice(0, -"20000101_000000".length);
  const rows = await session.query<{ name: string; comment: string | null; bytes: string | null }>(DATABASES, [prefix]);
  return rows.flatMap(({ name, comment, bytes }) => {
    const marked = comment?.startsWith(UNFINISHED) === true;
    const kept = comment?.startsWith(DIFFERENT) === true;
    // Killed between making it and marking it, or between taking the mark off and the swap.
    if (!marked && !kept && !(TIME.test(name.slice(prefix.length)))) return [];
    const size = bytes === null ? "" : ` (${sizeText(Number(bytes))})`;
    const why = kept ? "was kept by a restore that found differences" : "was left behind by an interrupted restore";
    return [`database ${name}${size} ${why}; drop it: DROP DATABASE ${quoteIdentifier(name)}`];
  });
}
