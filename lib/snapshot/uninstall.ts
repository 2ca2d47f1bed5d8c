import { PgstrataError } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { requireInstalled } from "./install.ts";
import { listSchedules, removeSchedules } from "./schedule.ts";
import { readSnapshots, type SnapshotRow } from "./snapshot_row.ts";
import { inTransaction } from "./transaction.ts";

/** What goes when the installation is removed, and what stands in the way. */
export interface UninstallPlan {
  /** Copies that would be dropped with their rows. */
  readonly copies: readonly SnapshotRow[];
  readonly totalBytes: number;
  /** Jobs of pg_cron that would be ended. */
  readonly schedules: readonly string[];
  /** Objects elsewhere that depend on a copy, and relations in the schema without a record. They stop it. */
  readonly obstacles: readonly string[];
}

/** Lists what `uninstallSnapshots` would drop. */
export async function planUninstall(session: Session): Promise<UninstallPlan> {
  await requireInstalled(session);
  const copies = (await readSnapshots(session)).filter(({ status }) => status === "present" || status === "exported");
  const depending = await session.query<{ text: string }>(
    `SELECT pg_catalog.array_to_string(backup.dependents(c.oid), ', ') || ' on backup.' || pg_catalog.quote_ident(c.relname) AS text
       FROM pg_catalog.pg_class c JOIN backup.backup_metadata m ON m.backup_table = c.relname::text
      WHERE c.relnamespace = 'backup'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p')
        AND pg_catalog.cardinality(backup.dependents(c.oid)) > 0 ORDER BY 1`,
  );
  const strangers = await session.query<{ text: string }>(
    `SELECT 'backup.' || pg_catalog.quote_ident(c.relname) || ' has no record' AS text
       FROM pg_catalog.pg_class c
      WHERE c.relnamespace = 'backup'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND c.relname::text <> ALL ($1::text[])
        AND NOT EXISTS (SELECT FROM backup.backup_metadata m WHERE m.backup_table = c.relname::text) ORDER BY 1`,
    [["pgstrata_migrations", "backup_metadata", "settings", "granted_roles", "backup_inventory"]],
  );
  return {
    copies,
    totalBytes: copies.reduce((total, { sizeBytes }) => total + (sizeBytes ?? 0), 0),
    schedules: (await listSchedules(session)).map(({ name }) => name),
    obstacles: [...depending, ...strangers].map(({ text }) => text),
  };
}

/**
 * Drops schema `backup` with all copies and records, the objects in `public`, and scheduled jobs.
 *
 * @throws {PgstrataError} code `refused` when the plan has obstacles
 */
export async function uninstallSnapshots(session: Session): Promise<UninstallPlan> {
  return await inTransaction(session, { lockTimeout: 10_000 }, async () => {
    const plan = await planUninstall(session);
    if (plan.obstacles.length > 0) {
      throw new PgstrataError("Cannot uninstall table snapshots: there is more than copies of ours", {
        code: "refused",
        context: { obstacles: plan.obstacles.join("; ") },
        hint: "Drop or move these objects first.",
      });
    }
    await removeSchedules(session, plan.schedules);
    await session.execute(`
DROP FUNCTION IF EXISTS public.get_backup_tables();
DROP VIEW IF EXISTS public.backup_inventory_view;
DROP SCHEMA backup CASCADE`);
    return plan;
  });
}
