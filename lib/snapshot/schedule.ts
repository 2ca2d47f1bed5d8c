import { PgstrataError, qualifiedName, quoteLiteral } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import type { SnapshotKind } from "./snapshot_row.ts";
import type { TableName } from "./table_name.ts";

/** A job of pg_cron that we made. */
export interface Schedule {
  readonly name: string;
  /** Five fields, as for cron; the server's `cron.timezone`. */
  readonly at: string;
  readonly command: string;
  readonly active: boolean;
}

/** What to do again and again: copy a table, or drop what is over. */
export type ScheduledWork =
  | { readonly work: "create"; readonly table: TableName; readonly kind: SnapshotKind; readonly reason: string }
  | { readonly work: "prune" };

const PREFIX = "pgstrata snapshot";

/** Jobs of ours; none where pg_cron is not there. */
export async function listSchedules(session: Session): Promise<Schedule[]> {
  if (!(await hasCron(session))) return [];
  return await session.query<Schedule & Record<string, unknown>>(
    `SELECT j.jobname::text AS name, j.schedule AS at, j.command, j.active FROM cron.job j
      WHERE j.jobname::text LIKE $1 AND j.database = pg_catalog.current_database() ORDER BY 1`,
    [`${PREFIX} %`],
  );
}

/**
 * Makes or replaces a job. It runs as the role of this session.
 *
 * @throws {PgstrataError} code `refused` where pg_cron is not installed
 */
export async function installSchedule(session: Session, at: string, work: ScheduledWork): Promise<Schedule> {
  if (!(await hasCron(session))) {
    throw new PgstrataError("Cannot schedule snapshots: the extension pg_cron is not in this database", {
      code: "refused",
      hint: "Enable it (Supabase: Database, Extensions, pg_cron), or run pgstrata from your own cron.",
    });
  }
  const name = work.work === "prune"
    ? `${PREFIX} prune`
    : `${PREFIX} ${work.kind} ${qualifiedName(work.table.schema, work.table.name)}`;
  const command = work.work === "prune"
    ? "SELECT backup.prune_expired()"
    : `SELECT backup.create_table_backup(${
      [work.table.schema, work.table.name, work.reason, work.kind].map(quoteLiteral).join(", ")
    })`;
  await session.query("SELECT cron.schedule($1, $2, $3)", [name, at, command]);
  return { name, at, command, active: true };
}

/** Ends jobs of ours by their names. */
export async function removeSchedules(session: Session, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (!name.startsWith(`${PREFIX} `)) {
      throw new PgstrataError(`Cannot remove job "${name}": pgstrata did not make it`, {
        code: "usage",
        hint: "See: pgstrata snapshot schedule",
      });
    }
    await session.query("SELECT cron.unschedule($1)", [name]);
  }
}

/** pg_cron 1.3 and newer: named jobs. */
async function hasCron(session: Session): Promise<boolean> {
  const [row] = await session.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                     WHERE n.nspname = 'cron' AND p.proname = 'schedule' AND p.pronargs = 3) AS there`,
  );
  return row?.there === true;
}
