import { PgstrataError } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** How long a copy is kept, and what happens then. */
export const SNAPSHOT_KINDS = ["pre-migration", "daily", "weekly", "monthly", "critical"] as const;

/** One of {@linkcode SNAPSHOT_KINDS}. */
export type SnapshotKind = typeof SNAPSHOT_KINDS[number];

/** A copy as its record tells. Times are ISO, sizes bytes. */
export interface SnapshotRow {
  readonly id: number;
  readonly originalSchema: string;
  readonly originalTable: string;
  /** Name of the copy in schema `backup`. */
  readonly backupTable: string;
  readonly rowCount: number;
  /** Size now, indexes and TOAST included; null when the copy has gone. */
  readonly sizeBytes: number | null;
  /** Size when it was made. */
  readonly totalBytes: number;
  readonly reason: string;
  readonly kind: SnapshotKind;
  readonly requestedBy: string | null;
  readonly ticket: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly reviewAt: string | null;
  /** Order-independent digest of the rows, where it was asked for. */
  readonly contentHash: string | null;
  /** `missing`: dropped by hand. `exported`: also in a backup; the copy is still there. */
  readonly status: "present" | "exported" | "dropped" | "missing";
  readonly exportedTo: string | null;
  readonly droppedAt: string | null;
  readonly dropReason: string | null;
  /** Copies made together, of one instant, have the same. */
  readonly setName: string | null;
}

const SELECT = `
SELECT m.id::text AS id, m.original_schema, m.original_table, m.backup_table, m.row_count::text AS row_count,
       i.size_bytes::text AS size_bytes, m.total_bytes::text AS total_bytes, m.reason, m.kind, m.requested_by, m.ticket,
       m.created_by, m.created_at, m.expires_at, m.review_at, m.content_hash, i.status, m.exported_to, m.dropped_at,
       m.drop_reason, m.set_name
  FROM backup.backup_metadata m JOIN backup.backup_inventory i ON i.id = m.id`;

interface Row {
  readonly [column: string]: unknown;
}

/** All copies ever recorded, oldest first. */
export async function readSnapshots(session: Session): Promise<SnapshotRow[]> {
  return (await session.query<Row>(`${SELECT} ORDER BY m.id`)).map(rowOf);
}

/** Copies by their ids, in that order. */
export async function snapshotsById(session: Session, ids: readonly number[]): Promise<SnapshotRow[]> {
  const rows = await session.query<Row>(`${SELECT} WHERE m.id = ANY ($1::int8[]) ORDER BY m.id`, [[...ids]]);
  return rows.map(rowOf);
}

/**
 * The copy that an argument means: its id, or the name of its table.
 *
 * @param present whether the copy itself has to be there
 * @throws {PgstrataError} code `usage` when there is none; `refused` when it has gone
 */
export async function findSnapshot(session: Session, argument: string, present = true): Promise<SnapshotRow> {
  const name = argument.replace(/^backup\./, "");
  const [row] = await session.query<Row>(`${SELECT} WHERE m.id::text = $1 OR m.backup_table = $2`, [argument, name]);
  if (row === undefined) {
    throw new PgstrataError(`Cannot find snapshot "${argument}": there is none with this id or name`, {
      code: "usage",
      hint: "See: pgstrata snapshot list, with the same --env or --url-env.",
    });
  }
  const found = rowOf(row);
  if (present && (found.status === "dropped" || found.status === "missing")) {
    throw new PgstrataError(`Cannot use snapshot ${found.id}: its copy was dropped`, {
      code: "refused",
      ...(found.exportedTo === null ? {} : { hint: `It was exported to ${found.exportedTo}: restore it from there.` }),
    });
  }
  return found;
}

function rowOf(row: Row): SnapshotRow {
  const text = (name: string) => row[name] === null || row[name] === undefined ? null : String(row[name]);
  const time = (name: string) => row[name] instanceof Date ? row[name].toISOString() : text(name);
  return {
    id: Number(row["id"]),
    originalSchema: String(row["original_schema"]),
    originalTable: String(row["original_table"]),
    backupTable: String(row["backup_table"]),
    rowCount: Number(row["row_count"]),
    sizeBytes: row["size_bytes"] === null ? null : Number(row["size_bytes"]),
    totalBytes: Number(row["total_bytes"]),
    reason: String(row["reason"]),
    kind: String(row["kind"]) as SnapshotKind,
    requestedBy: text("requested_by"),
    ticket: text("ticket"),
    createdBy: String(row["created_by"]),
    createdAt: time("created_at") ?? "",
    expiresAt: time("expires_at"),
    reviewAt: time("review_at"),
    contentHash: text("content_hash"),
    status: String(row["status"]) as SnapshotRow["status"],
    exportedTo: text("exported_to"),
    droppedAt: time("dropped_at"),
    dropReason: text("drop_reason"),
    setName: text("set_name"),
  };
}
