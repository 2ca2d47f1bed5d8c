import type { LeftOut } from "../lib/backup/mod.ts";
import type { Session } from "../lib/connection/mod.ts";
import { isSnapshotSchema, snapshotExclusions } from "../lib/snapshot/mod.ts";

/** What `--without-snapshots` leaves out: only what `snapshot install` made, never a schema that happens to be called backup. */
export async function snapshotsLeftOut(session: Session): Promise<LeftOut | null> {
  if (!await isSnapshotSchema(session)) return null;
  const { schemaPatterns, tablePatterns } = snapshotExclusions();
  return {
    schemas: schemaPatterns,
    tables: tablePatterns,
    notice: "copies of tables inside the database (schema backup) are left out: --without-snapshots",
  };
}
