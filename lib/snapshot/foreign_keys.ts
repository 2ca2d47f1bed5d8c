import { quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** A validated foreign key from or to a table. */
export interface ForeignKey {
  readonly name: string;
  /** Qualified and quoted. */
  readonly child: string;
  readonly parent: string;
  readonly childColumns: readonly string[];
  readonly parentColumns: readonly string[];
  /** `OPERATOR(schema.=)`, parent on the left. */
  readonly operators: readonly string[];
  /** `MATCH FULL`. */
  readonly full: boolean;
  /** References a period (18): equality does not tell whether it holds. */
  readonly period: boolean;
  /** Whether the table is the parent. */
  readonly incoming: boolean;
}

/** Foreign keys from and to a table, those of its partitions apart. */
export async function readForeignKeys(session: Session, table: string): Promise<ForeignKey[]> {
  const period = session.serverMajor >= 18 ? "k.conperiod" : "false";
  return await session.query<ForeignKey & Record<string, unknown>>(
    `SELECT k.conname::text AS name, k.conrelid::pg_catalog.regclass::text AS child, k.confrelid::pg_catalog.regclass::text AS parent,
            (SELECT pg_catalog.array_agg(a.attname::text ORDER BY x.n) FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY x (attnum, n)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.attnum) AS "childColumns",
            (SELECT pg_catalog.array_agg(a.attname::text ORDER BY x.n) FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY x (attnum, n)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.attnum) AS "parentColumns",
            (SELECT pg_catalog.array_agg(pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY x.n)
               FROM pg_catalog.unnest(k.conpfeqop) WITH ORDINALITY x (op, n)
               JOIN pg_catalog.pg_operator o ON o.oid = x.op JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace) AS operators,
            k.confmatchtype = 'f' AS full, ${period} AS period, k.confrelid = $1::oid AS incoming
       FROM pg_catalog.pg_constraint k
      WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0 AND $1::oid IN (k.conrelid, k.confrelid)
      ORDER BY 1, 2`,
    [table],
  );
}

/** How many rows of the child have no row in the parent. */
export async function countOrphans(session: Session, key: ForeignKey): Promise<number> {
  const child = (name: string) => `c.${quoteIdentifier(name)}`;
  const match = key.parentColumns.map((name, index) =>
    `p.${quoteIdentifier(name)} ${key.operators[index]} ${child(key.childColumns[index] ?? "")}`
  ).join(" AND ");
  const counts = key.childColumns.map((name) => `${child(name)} IS NOT NULL`).join(key.full ? " OR " : " AND ");
  const [row] = await session.query<{ count: string }>(
    `SELECT pg_catalog.count(*)::text AS count FROM ${key.child} AS c
      WHERE (${counts}) AND NOT EXISTS (SELECT FROM ${key.parent} AS p WHERE ${match})`,
  );
  return Number(row?.count ?? 0);
}
