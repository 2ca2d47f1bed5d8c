import { quoteIdentifier, quoteLiteral } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { differs } from "./columns.ts";
import { findLivingTable, type LivingTable } from "./living_table.ts";
import { sameKey } from "./row_key.ts";
import type { SnapshotRow } from "./snapshot_row.ts";

/** Rows of the living table against the copy. */
export interface RowCounts {
  /** In the living table, not in the copy. */
  readonly added: number;
  /** In the copy, not in the living table. */
  readonly removed: number;
  /** With the same key and other values; null when there is no key, then each is one removed and one added. */
  readonly changed: number | null;
  readonly unchanged: number | null;
}

/** One row that differs. */
export interface RowChange {
  readonly change: "added" | "removed" | "changed";
  /** Column → value as text. */
  readonly key: Readonly<Record<string, string | null>>;
  /** Columns whose values differ; empty unless changed. */
  readonly columns: readonly string[];
}

/** What has happened to a table since the copy was made. */
export interface SnapshotDiff {
  readonly rows: RowCounts;
  /** The key the rows were matched by; null: whole rows were. */
  readonly key: readonly string[] | null;
  /** Differences of the columns themselves. */
  readonly columns: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly retyped: readonly string[];
  };
  /** Some of the rows, in the order of the key. */
  readonly sample: readonly RowChange[];
}

/**
 * Compares a copy with the living table, on the server: only counts and at most `sample` keys come here.
 *
 * @throws {PgstrataError} code `refused` when the living table has gone
 */
export async function diffSnapshot(session: Session, snapshot: SnapshotRow, sample: number): Promise<SnapshotDiff> {
  const living = await findLivingTable(session, snapshot);
  const { added, removed, retyped } = living.columns;
  return {
    rows: await countDifferences(session, living, living.copy),
    key: living.key?.columns ?? null,
    columns: { added, removed, retyped },
    sample: living.key === null || sample === 0 ? [] : await sampleDifferences(session, living, sample),
  };
}

/** Counts, `source` being the copy or a table with some of its rows. */
export async function countDifferences(session: Session, living: LivingTable, source: string): Promise<RowCounts> {
  const { key, columns, from } = living;
  if (key === null) return await countWithoutKey(session, living, source);
  const [row] = await session.query<Record<"added" | "removed" | "changed" | "unchanged", string>>(`
SELECT pg_catalog.count(*) FILTER (WHERE b.ctid IS NULL)::text AS added,
       pg_catalog.count(*) FILTER (WHERE l.ctid IS NULL)::text AS removed,
       pg_catalog.count(*) FILTER (WHERE b.ctid IS NOT NULL AND l.ctid IS NOT NULL AND ${
    differs(columns.common, "l", "b")
  })::text AS changed,
       pg_catalog.count(*) FILTER (WHERE b.ctid IS NOT NULL AND l.ctid IS NOT NULL AND NOT ${
    differs(columns.common, "l", "b")
  })::text AS unchanged
  FROM ${from} AS l FULL JOIN ${source} AS b ON ${sameKey(key, "l", "b")}`);
  const number = (name: "added" | "removed" | "changed" | "unchanged") => Number(row?.[name] ?? 0);
  return {
    added: number("added"),
    removed: number("removed"),
    changed: number("changed"),
    unchanged: number("unchanged"),
  };
}

async function countWithoutKey(session: Session, living: LivingTable, source: string): Promise<RowCounts> {
  // record_out by name: a cast to text may be a function of the table's owner.
  const text = (alias: string) =>
    `pg_catalog.textin(pg_catalog.record_out(ROW(${
      living.columns.common.map(({ name }) => `${alias}.${quoteIdentifier(name)}`).join(", ")
    })))`;
  const [row] = await session.query<{ added: string; removed: string }>(`
SELECT coalesce(sum(n) FILTER (WHERE n > 0), 0)::text AS added, coalesce(-sum(n) FILTER (WHERE n < 0), 0)::text AS removed
  FROM (SELECT sum(side) AS n FROM (
          SELECT ${text("l")} AS content, 1 AS side FROM ${living.from} AS l
          UNION ALL SELECT ${text("b")}, -1 FROM ${source} AS b) AS both_sides
         GROUP BY content HAVING sum(side) <> 0) AS differences`);
  return { added: Number(row?.added ?? 0), removed: Number(row?.removed ?? 0), changed: null, unchanged: null };
}

async function sampleDifferences(session: Session, living: LivingTable, limit: number): Promise<RowChange[]> {
  const { key, columns, from, copy } = living;
  if (key === null) return [];
  const value = (name: string) =>
    `CASE WHEN l.ctid IS NULL THEN b.${quoteIdentifier(name)} ELSE l.${quoteIdentifier(name)} END`;
  // Arrays, not jsonb_build_object: functions take 100 arguments at most.
  const keyValues = `ARRAY[${key.columns.map((name) => `${value(name)}::text`).join(", ")}]`;
  const changed = columns.common.map((column) =>
    `CASE WHEN ${differs([column], "l", "b")} THEN ${quoteLiteral(column.name)} END`
  );
  const rows = await session.query<{ change: RowChange["change"]; key: (string | null)[]; columns: string[] }>(
    `
SELECT CASE WHEN b.ctid IS NULL THEN 'added' WHEN l.ctid IS NULL THEN 'removed' ELSE 'changed' END AS change,
       ${keyValues} AS key,
       CASE WHEN b.ctid IS NULL OR l.ctid IS NULL THEN '{}'::text[]
            ELSE pg_catalog.array_remove(ARRAY[${changed.join(", ")}]::text[], NULL) END AS columns
  FROM ${from} AS l FULL JOIN ${copy} AS b ON ${sameKey(key, "l", "b")}
 WHERE b.ctid IS NULL OR l.ctid IS NULL OR ${differs(columns.common, "l", "b")}
 ORDER BY ${key.columns.map(value).join(", ")} LIMIT $1::int4`,
    [limit],
  );
  return rows.map(({ change, key: values, columns: names }) => ({
    change,
    key: Object.fromEntries(key.columns.map((name, index) => [name, values[index] ?? null])),
    columns: names,
  }));
}
