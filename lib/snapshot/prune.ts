import { PgstrataError } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import { requireInstalled } from "./install.ts";
import type { SnapshotKind } from "./snapshot_row.ts";
import { inTransaction } from "./transaction.ts";

/** A copy whose time has come. */
export interface DueSnapshot {
  readonly id: number;
  readonly originalSchema: string;
  readonly originalTable: string;
  readonly backupTable: string;
  readonly kind: SnapshotKind;
  /**
   * `drop`; `export` first (monthly); `review` by a person; `blocked` by what depends on it; `record`: the copy has
   * gone already, its record says so afterwards.
   */
  readonly action: "drop" | "export" | "review" | "blocked" | "record";
  /** ISO; null for a copy that has gone. */
  readonly due: string | null;
  readonly sizeBytes: number | null;
  /** What depends on the copy, as PostgreSQL describes it. */
  readonly dependents: readonly string[];
}

/** Copies that are due at a time, by the rules of their kinds; changes nothing. */
export async function planPrune(session: Session, now: Date): Promise<DueSnapshot[]> {
  await requireInstalled(session);
  const rows = await session.query<
    Omit<DueSnapshot, "id" | "due" | "sizeBytes"> & { id: string; due: Date | null; size: string | null }
  >(
    `SELECT p.id::text AS id, p.original_schema AS "originalSchema", p.original_table AS "originalTable",
            p.backup_table AS "backupTable", p.kind, p.action, p.due, p.size_bytes::text AS size, p.dependents
       FROM backup.prune_plan($1::timestamptz) p`,
    [now],
  );
  return rows.map(({ id, due, size, ...row }) => ({
    ...row,
    id: Number(id),
    due: due === null ? null : due.toISOString(),
    sizeBytes: size === null ? null : Number(size),
  }));
}

/**
 * Drops a copy after looking: nothing may depend on it, and it must have the rows its record says. The record stays.
 *
 * @throws {PgstrataError} code `refused` otherwise
 */
export async function dropSnapshot(
  session: Session,
  id: number,
  options: { readonly reason: string; readonly lockTimeout: number },
): Promise<void> {
  try {
    await inTransaction(
      session,
      options,
      () => session.query("SELECT backup.drop_table_backup($1::int8, $2)", [String(id), options.reason]),
    );
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause;
    throw new PgstrataError(`Cannot drop snapshot ${id}: the server refused`, {
      code: "refused",
      cause: new Error(cause.serverMessage),
      hint: cause.hint ?? "The copy stays as it is.",
    });
  }
}

/** Notes that a copy was looked at and stays: its next review is a whole period away. */
export async function reviewSnapshot(session: Session, id: number, now: Date): Promise<void> {
  await session.query(
    `UPDATE backup.backup_metadata m SET review_at = $2::timestamptz + (backup.retention(m.kind)).review
      WHERE m.id = $1::int8 AND m.review_at IS NOT NULL`,
    [String(id), now],
  );
}
