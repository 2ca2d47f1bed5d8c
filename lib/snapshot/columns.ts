import { quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** A column of a living table, beside the one of the same name in the copy. */
export interface ColumnPair {
  readonly name: string;
  readonly generated: boolean;
  readonly identity: "always" | "by default" | null;
  /** The sequence behind a serial or identity column, qualified and quoted. */
  readonly sequence: string | null;
  /** The same type on both sides. */
  readonly sameType: boolean;
}

/** How the columns of two tables relate. */
export interface ColumnComparison {
  /** On both sides, in the order of the living table. */
  readonly common: readonly ColumnPair[];
  /** In the living table only. */
  readonly added: readonly string[];
  /** In the copy only. */
  readonly removed: readonly string[];
  /** On both sides, with another type. */
  readonly retyped: readonly string[];
}

/** Compares the columns of a living table with those of its copy. */
export async function compareColumns(session: Session, living: string, copy: string): Promise<ColumnComparison> {
  const rows = await session.query<{
    name: string;
    here: boolean;
    there: boolean;
    same: boolean;
    generated: boolean;
    identity: string;
    sequence: string | null;
  }>(
    `SELECT coalesce(l.attname, b.attname)::text AS name, l.attname IS NOT NULL AS here, b.attname IS NOT NULL AS there,
            coalesce(l.atttypid = b.atttypid, false) AS same, coalesce(l.attgenerated <> '', false) AS generated,
            coalesce(l.attidentity::text, '') AS identity,
            CASE WHEN l.attname IS NOT NULL THEN pg_catalog.pg_get_serial_sequence($1::oid::regclass::text, l.attname::text) END AS sequence
       FROM (SELECT * FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped) l
       FULL JOIN (SELECT * FROM pg_catalog.pg_attribute WHERE attrelid = $2::oid AND attnum > 0 AND NOT attisdropped) b
         ON b.attname = l.attname
      ORDER BY l.attnum, b.attnum`,
    [living, copy],
  );
  const common = rows.filter(({ here, there }) => here && there);
  return {
    common: common.map(({ name, same, generated, identity, sequence }) => ({
      name,
      generated,
      identity: identity === "a" ? "always" : identity === "d" ? "by default" : null,
      sequence,
      sameType: same,
    })),
    added: rows.filter(({ there }) => !there).map(({ name }) => name),
    removed: rows.filter(({ here }) => !here).map(({ name }) => name),
    retyped: common.filter(({ same }) => !same).map(({ name }) => name),
  };
}

/**
 * Whether two rows differ in these columns, as an SQL condition. Columns of one type are compared as they are stored
 * (record_image_ne, by name: an operator between two ROWs compares column by column): it works for types without equality (json, point), and tells 1.0 from 1.00. Others are
 * compared as text.
 */
export function differs(columns: readonly ColumnPair[], living: string, copy: string): string {
  const row = (alias: string, names: readonly string[]) =>
    `ROW(${names.map((name) => `${alias}.${quoteIdentifier(name)}`).join(", ")})`;
  const same = columns.filter(({ sameType }) => sameType).map(({ name }) => name);
  const conditions = columns.filter(({ sameType }) => !sameType).map(({ name }) =>
    `${living}.${quoteIdentifier(name)}::text IS DISTINCT FROM ${copy}.${quoteIdentifier(name)}::text`
  );
  if (same.length > 0) conditions.unshift(`pg_catalog.record_image_ne(${row(living, same)}, ${row(copy, same)})`);
  return conditions.length === 0 ? "false" : `(${conditions.join(" OR ")})`;
}
