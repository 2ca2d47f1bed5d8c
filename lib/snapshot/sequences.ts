import { quoteIdentifier, quoteLiteral } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import type { ColumnPair } from "./columns.ts";

/**
 * Moves the sequences behind serial and identity columns past the values that are there now; never back.
 *
 * @param from the table to read, as FROM takes it
 * @returns the sequences that were moved, qualified and quoted
 */
export async function moveSequences(
  session: Session,
  from: string,
  columns: readonly Pick<ColumnPair, "name" | "sequence">[],
): Promise<string[]> {
  const moved: string[] = [];
  for (const { name, sequence } of columns) {
    if (sequence === null) continue;
    const [row] = await session.query<{ moved: boolean }>(
      `SELECT CASE WHEN v.wanted IS NULL OR v.wanted NOT BETWEEN s.seqmin AND s.seqmax THEN false
                   WHEN s.seqincrement > 0 AND (v.wanted > q.last_value OR v.wanted = q.last_value AND NOT q.is_called)
                     OR s.seqincrement < 0 AND (v.wanted < q.last_value OR v.wanted = q.last_value AND NOT q.is_called)
                   THEN pg_catalog.setval(${quoteLiteral(sequence)}::pg_catalog.regclass, v.wanted) IS NOT NULL
                   ELSE false END AS moved
         FROM ${sequence} AS q
         CROSS JOIN (SELECT * FROM pg_catalog.pg_sequence WHERE seqrelid = ${
        quoteLiteral(sequence)
      }::pg_catalog.regclass) AS s
         CROSS JOIN LATERAL (SELECT CASE WHEN s.seqincrement > 0 THEN max(${quoteIdentifier(name)})
                                         ELSE min(${
        quoteIdentifier(name)
      }) END::int8 AS wanted FROM ${from} AS t) AS v`,
    );
    if (row?.moved === true) moved.push(sequence);
  }
  return moved;
}
