import { PgstrataError, qualifiedName } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { type ColumnComparison, compareColumns } from "./columns.ts";
import { copyName } from "./create.ts";
import { findRowKey, type RowKey } from "./row_key.ts";
import type { SnapshotRow } from "./snapshot_row.ts";

/** A copy beside the table it was made of, as that is now. */
export interface LivingTable {
  readonly oid: string;
  readonly copyOid: string;
  /** Qualified and quoted. */
  readonly name: string;
  readonly partitioned: boolean;
  /** What to read: `ONLY "t"` for a table, so that children by inheritance stay out. */
  readonly from: string;
  /** The copy, qualified and quoted. */
  readonly copy: string;
  readonly key: RowKey | null;
  readonly columns: ColumnComparison;
}

/**
 * Finds the living table of a copy.
 *
 * @throws {PgstrataError} code `refused` when it is not there any more
 */
export async function findLivingTable(session: Session, snapshot: SnapshotRow): Promise<LivingTable> {
  const name = qualifiedName(snapshot.originalSchema, snapshot.originalTable);
  const [row] = await session.query<{ oid: string; copy: string; kind: string }>(
    `SELECT c.oid::text AS oid, c.relkind::text AS kind,
            (SELECT b.oid::text FROM pg_catalog.pg_class b
              WHERE b.relname::text = $3 AND b.relnamespace = 'backup'::pg_catalog.regnamespace) AS copy
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname::text = $1 AND c.relname::text = $2 AND c.relkind IN ('r', 'p')`,
    [snapshot.originalSchema, snapshot.originalTable, snapshot.backupTable],
  );
  if (row === undefined) {
    throw new PgstrataError(`Cannot compare with ${name}: there is no such table any more`, {
      code: "refused",
      hint: `Restore it: pgstrata snapshot restore ${snapshot.id} --into ${name}`,
    });
  }
  return {
    oid: row.oid,
    copyOid: row.copy,
    name,
    partitioned: row.kind === "p",
    from: row.kind === "p" ? name : `ONLY ${name}`,
    copy: copyName(snapshot),
    key: await findRowKey(session, row.oid, row.copy),
    columns: await compareColumns(session, row.oid, row.copy),
  };
}
