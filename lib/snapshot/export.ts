import { PgstrataError, quoteLiteral } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import type { Session } from "../connection/mod.ts";
import { copyName } from "./create.ts";
import { type SnapshotRow, snapshotsById } from "./snapshot_row.ts";

/** A backup of one copy, made by the function that the task passes in. */
export interface SnapshotBackup {
  readonly folder: string;
  /** What the sealed folder holds. */
  readonly manifest: Manifest;
}

/** What an export is asked to do. */
export interface ExportRequest {
  /** Pattern of pg_dump that matches the copy and nothing else. */
  readonly tablePattern: string;
  readonly label: string;
}

/** Makes the backup; its files were read back and checked against their hashes when it returns. */
export type BackUpCopy = (request: ExportRequest) => Promise<SnapshotBackup>;

/**
 * Puts a copy into a backup of its own on the shelf and notes where. The backup counts only when it holds exactly the
 * rows that the record says, and the copy still has the content it was made with.
 *
 * @throws {PgstrataError} code `not_good` when they differ; nothing is noted then
 */
export async function exportSnapshot(
  session: Session,
  snapshot: SnapshotRow,
  backUp: BackUpCopy,
): Promise<{ readonly snapshot: SnapshotRow; readonly folder: string }> {
  if (snapshot.contentHash !== null) await checkContent(session, snapshot);
  const { folder, manifest } = await backUp({
    tablePattern: `"backup"."${snapshot.backupTable.replaceAll('"', '""')}"`,
    label: `snapshot-${snapshot.id}`,
  });
  const table = manifest.tables.find(({ schema, name }) => schema === "backup" && name === snapshot.backupTable);
  if (manifest.status !== "complete" || table?.rows !== snapshot.rowCount) {
    throw new PgstrataError(`Cannot export snapshot ${snapshot.id}: the backup does not hold all its rows`, {
      code: "not_good",
      context: {
        folder,
        "rows of the record": snapshot.rowCount,
        "rows of the backup": table?.rows ?? "none",
        status: manifest.status,
      },
      hint: "Somebody may have changed the copy: compare with `pgstrata snapshot diff`. The copy stays.",
    });
  }
  await session.query(
    `UPDATE backup.backup_metadata SET status = 'exported', exported_to = $2, exported_at = pg_catalog.clock_timestamp()
      WHERE id = $1::int8`,
    [String(snapshot.id), folder],
  );
  const [updated] = await snapshotsById(session, [snapshot.id]);
  return { snapshot: updated ?? snapshot, folder };
}

async function checkContent(session: Session, snapshot: SnapshotRow): Promise<void> {
  const [row] = await session.query<{ hash: string }>(
    `SELECT backup.content_hash(${quoteLiteral(copyName(snapshot))}::pg_catalog.regclass) AS hash`,
  );
  if (row?.hash === snapshot.contentHash) return;
  throw new PgstrataError(`Cannot export snapshot ${snapshot.id}: the copy was changed since it was made`, {
    code: "not_good",
    context: { recorded: snapshot.contentHash ?? "", now: row?.hash ?? "" },
    hint: "See what differs from the living table: pgstrata snapshot diff. The copy stays.",
  });
}
