import { quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** Columns that tell the rows of a table apart, with the operator of their index. */
export interface RowKey {
  readonly columns: readonly string[];
  /** `OPERATOR(schema.=)` for each column: with an empty search path `=` of an extension's type is not found. */
  readonly operators: readonly string[];
}

/**
 * The primary key, else a unique index on columns that are never null; null when there is neither, or when the copy has
 * no such columns of the same type.
 */
export async function findRowKey(session: Session, living: string, copy: string): Promise<RowKey | null> {
  const [row] = await session.query<{ columns: string[]; operators: string[] }>(
    `SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.position) AS columns,
            pg_catalog.array_agg(pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY k.position) AS operators
       FROM pg_catalog.pg_index i
       CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(i.indkey::int2[]), pg_catalog.unnest(i.indclass::oid[])) WITH ORDINALITY AS k (attnum, opclass, position)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
       JOIN pg_catalog.pg_attribute b ON b.attrelid = $2::oid AND b.attname = a.attname AND b.atttypid = a.atttypid AND NOT b.attisdropped
       JOIN pg_catalog.pg_opclass c ON c.oid = k.opclass
       JOIN pg_catalog.pg_amop m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3 AND m.amoplefttype = c.opcintype
        AND m.amoprighttype = c.opcintype
       JOIN pg_catalog.pg_am method ON method.oid = c.opcmethod AND method.amname = 'btree'
       JOIN pg_catalog.pg_operator o ON o.oid = m.amopopr
       JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
        AND k.position <= i.indnkeyatts AND (i.indisprimary OR a.attnotnull)
      GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts
     HAVING pg_catalog.count(*) = i.indnkeyatts
      ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1`,
    [living, copy],
  );
  return row ?? null;
}

/** The condition that two rows have the same key. */
export function sameKey({ columns, operators }: RowKey, left: string, right: string): string {
  return columns.map((name, index) =>
    `${left}.${quoteIdentifier(name)} ${operators[index]} ${right}.${quoteIdentifier(name)}`
  ).join(" AND ");
}
