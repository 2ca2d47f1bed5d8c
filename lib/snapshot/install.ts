import { PgstrataError, quoteIdentifier, quoteLiteral } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { type AccessChange, settleAccess } from "./access.ts";
import { isSnapshotSchema, SNAPSHOT_MARKER } from "./marker.ts";
import { MIGRATIONS } from "./migrations.ts";
import { inTransaction } from "./transaction.ts";

/** What an installation did. */
export interface InstallResult {
  /** Versions of the steps that were taken now; empty when all had been. */
  readonly applied: readonly number[];
  readonly version: number;
  readonly owner: string;
  /** Roles besides the owner that may make copies and read every copy. */
  readonly granted: readonly string[];
}

/** Milliseconds that another installation may take. */
const LOCK_TIMEOUT = 10_000;

/**
 * Installs schema `backup`, or brings it up to date, and settles who may use it; again is harmless.
 *
 * @throws {PgstrataError} code `refused` when a schema `backup` that is not ours has something in it, or names that we
 *   need are taken in `public`; `usage` for an unknown role
 */
export async function installSnapshots(
  session: Session,
  access: AccessChange = { grant: [], revoke: [] },
  migrations: typeof MIGRATIONS = MIGRATIONS,
): Promise<InstallResult> {
  return await inTransaction(session, { lockTimeout: LOCK_TIMEOUT }, async () => {
    await session.execute("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('pgstrata snapshot install'))");
    if (await isSnapshotSchema(session)) await becomeOwner(session);
    else await prepareSchema(session);
    const done = await session.query<{ version: number }>(
      "SELECT version FROM backup.pgstrata_migrations ORDER BY version",
    );
    const latest = done.at(-1)?.version ?? 0;
    const newest = migrations.at(-1)?.version ?? 0;
    if (latest > newest) throw tooNew(latest, newest);
    const missing = migrations.filter(({ version }) => version > latest);
    for (const { version, name, sql } of missing) {
      await session.execute(sql(session.serverMajor));
      await session.query("INSERT INTO backup.pgstrata_migrations (version, name) VALUES ($1, $2)", [version, name]);
    }
    const granted = await settleAccess(session, access);
    const [owner] = await session.query<{ name: string }>("SELECT current_user::text AS name");
    return {
      applied: missing.map(({ version }) => version),
      version: newest,
      owner: owner?.name ?? "",
      granted,
    };
  });
}

/**
 * @throws {PgstrataError} code `refused` when it is not installed, or by a newer pgstrata; `usage` never
 */
export async function requireInstalled(session: Session): Promise<void> {
  if (!(await isSnapshotSchema(session))) {
    throw new PgstrataError("Cannot use table snapshots: they are not installed in this database", {
      code: "refused",
      hint: "Run: pgstrata snapshot install, with the same --env or --url-env.",
    });
  }
  const [row] = await session.query<{ version: number | null }>(
    "SELECT max(version) AS version FROM backup.pgstrata_migrations",
  );
  const newest = MIGRATIONS.at(-1)?.version ?? 0;
  const version = row?.version ?? 0;
  if (version > newest) throw tooNew(version, newest);
  if (version < newest) {
    throw new PgstrataError(`Cannot use table snapshots: version ${version} is installed, ${newest} is needed`, {
      code: "refused",
      hint: "Run: pgstrata snapshot install, with the same --env or --url-env.",
    });
  }
}

function tooNew(installed: number, known: number): PgstrataError {
  return new PgstrataError(`Cannot use table snapshots: version ${installed} is installed, known is ${known}`, {
    code: "refused",
    hint: "A newer pgstrata installed them: update pgstrata.",
  });
}

/** Everything new belongs to the owner of the schema, not to who happens to bring it up to date. */
async function becomeOwner(session: Session): Promise<void> {
  const [row] = await session.query<{ owner: string; mine: boolean }>(
    `SELECT pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner, n.nspowner = r.oid AS mine
       FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles r WHERE n.nspname = 'backup' AND r.rolname = current_user`,
  );
  if (row !== undefined && !row.mine) await session.execute(`SET LOCAL ROLE ${quoteIdentifier(row.owner)}`);
}

async function prepareSchema(session: Session): Promise<void> {
  const taken = await session.query<{ name: string }>(
    `SELECT pg_catalog.format('%s %I.%I', CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'relation' END, n.nspname, c.relname) AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE (n.nspname = 'backup' AND c.relkind NOT IN ('i', 'I'))
         OR (n.nspname = 'public' AND c.relname = 'backup_inventory_view')
      UNION ALL
     SELECT 'function ' || p.oid::pg_catalog.regprocedure::text
       FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = 'backup' OR (n.nspname = 'public' AND p.proname = 'get_backup_tables')
      ORDER BY 1`,
  );
  if (taken.length > 0) {
    const names = taken.slice(0, 20).map(({ name }) => name).join(", ");
    throw new PgstrataError(`Cannot install table snapshots: names are taken by ${taken.length} objects of others`, {
      code: "refused",
      context: { taken: taken.length > 20 ? `${names}, …` : names },
      hint: "Rename what is there (ALTER SCHEMA backup RENAME TO backup_old; drop or rename the objects in public), " +
        "install again, then move the copies in: pgstrata snapshot adopt --schema backup_old",
    });
  }
  const [schema] = await session.query<{ mine: boolean }>(
    `SELECT n.nspowner = r.oid AS mine FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles r
      WHERE n.nspname = 'backup' AND r.rolname = current_user`,
  );
  if (schema?.mine === false) {
    throw new PgstrataError("Cannot install table snapshots: an empty schema backup belongs to another role", {
      code: "refused",
      hint: "Drop it, or install as its owner.",
    });
  }
  await session.execute(`
CREATE SCHEMA IF NOT EXISTS backup;
COMMENT ON SCHEMA backup IS ${quoteLiteral(`${SNAPSHOT_MARKER}: copies of tables with their records`)};
CREATE TABLE backup.pgstrata_migrations (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
)`);
}
