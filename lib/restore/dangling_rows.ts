import { counted, messageOf } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import type { RestoreWork } from "./restore_work.ts";

/** Rows counted for one key at most: how many more there are changes nothing. */
const MOST = 10_000;

interface KeyRow {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly query: string;
}

// The operators of the key itself: `=` of citext need not be on the search path. A partition's key is its parent's.
const KEYS = `
SELECT k.conname AS name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS from,
  pg_catalog.format('%I.%I', m.nspname, f.relname) AS to,
  pg_catalog.format('SELECT count(*)::pg_catalog.int4 AS rows FROM (SELECT FROM %I.%I AS c WHERE %s AND NOT EXISTS '
    '(SELECT FROM %I.%I AS p WHERE %s) LIMIT ${MOST}) AS lost',
    n.nspname, c.relname, pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', a.attname), ' AND '),
    m.nspname, f.relname, pg_catalog.string_agg(
      pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I', b.attname, s.nspname, o.oprname, a.attname), ' AND ')) AS query
FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS m ON m.oid = f.relnamespace
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop))
  AS u (child, parent, operator)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.child
JOIN pg_catalog.pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = u.parent
JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator JOIN pg_catalog.pg_namespace AS s ON s.oid = o.oprnamespace
WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0
  AND (pg_catalog.format('%I.%I', n.nspname, c.relname) = ANY ($1::pg_catalog.text[])
    OR pg_catalog.format('%I.%I', m.nspname, f.relname) = ANY ($1::pg_catalog.text[]))
GROUP BY k.oid, k.conname, n.nspname, c.relname, m.nspname, f.relname ORDER BY 2, 1`;

/**
 * Looks for rows whose foreign keys lead nowhere: rows are loaded without checks, since no order of tables satisfies
 * every key, and the server checks none of them again. They are told, and count as a difference.
 *
 * @param tables whose rows were put back, qualified and quoted
 */
export async function findDanglingRows(
  session: Session,
  { log }: Pick<RestoreWork, "log">,
  tables: readonly string[],
): Promise<void> {
  const keys = await session.query<KeyRow>(KEYS, [tables]);
  for (const { name, from, to, query } of keys) {
    try {
      const [found] = await session.query<{ rows: number }>(query);
      const rows = found?.rows ?? 0;
      if (rows === 0) continue;
      log.differs = true;
      log.warn(
        `${rows === MOST ? "at least " : ""}${counted(rows, "row")} of ${from} ${rows === 1 ? "points" : "point"} to ` +
          `rows of ${to} that are not there (${name}): restore ${tables.includes(from) ? to : from}, too`,
      );
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      log.warn(`whether foreign key ${name} of ${from} holds cannot be checked: ${messageOf(error.cause)}`);
    }
  }
}
