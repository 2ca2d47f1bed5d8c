import { PgstrataError, qualifiedName, quoteIdentifier, quoteLiteral } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import { type HandMadeName, handMadeName } from "./hand_made_name.ts";
import { requireInstalled } from "./install.ts";
import { type SnapshotKind, type SnapshotRow, snapshotsById } from "./snapshot_row.ts";
import type { TableName } from "./table_name.ts";
import { inTransaction } from "./transaction.ts";

/** A table that looks like a copy made by hand. */
export interface Candidate extends TableName, HandMadeName {
  readonly oid: string;
  readonly originalSchema: string;
  /** Whether the table it seems to be a copy of is there. */
  readonly originalExists: boolean;
  readonly owner: string;
  readonly sizeBytes: number;
  /** PostgreSQL's estimate; -1 is unknown. */
  readonly estimatedRows: number;
  /** What depends on it, as PostgreSQL describes it. */
  readonly dependents: readonly string[];
}

/** Which tables to look at. */
export interface AdoptScope {
  /** Empty: every schema but PostgreSQL's own. */
  readonly schemas: readonly string[];
}

/**
 * Finds copies made by hand in other schemas, and tables in schema `backup` without a record. A name without a date
 * counts only when the original is there: `old` and `copy` end many an innocent name.
 */
export async function findCandidates(session: Session, scope: AdoptScope): Promise<Candidate[]> {
  await requireInstalled(session);
  const rows = await session.query<TableRow>(TABLES, [[...scope.schemas]]);
  const known = new Set(rows.map(({ schema, name }) => JSON.stringify([schema, name])));
  return rows.flatMap((row) => {
    if (!row.movable) return [];
    const inBackup = row.schema === "backup";
    const parsed = handMadeName(row.name) ?? (inBackup ? { original: row.name, date: null } : null);
    if (parsed === null) return [];
    const schemas = inBackup || !known.has(JSON.stringify([row.schema, parsed.original]))
      ? [row.schema, "public"]
      : [row.schema];
    const originalSchema = schemas.find((schema) => known.has(JSON.stringify([schema, parsed.original])));
    if (!inBackup && parsed.date === null && originalSchema === undefined) return [];
    return [{
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      ...parsed,
      originalSchema: originalSchema ?? (inBackup ? "public" : row.schema),
      originalExists: originalSchema !== undefined,
      owner: row.owner,
      sizeBytes: Number(row.size),
      estimatedRows: Number(row.estimate),
      dependents: row.dependents,
    }];
  });
}

/**
 * Moves candidates into schema `backup`, all or none, each with a record. What depends on a table goes on working: it
 * follows the table, not its name.
 *
 * @throws {PgstrataError} code `refused` when this role may not move one of them, or one was changed meanwhile
 */
export async function adoptTables(
  session: Session,
  candidates: readonly Candidate[],
  options: { readonly kind: SnapshotKind; readonly reason: string | null; readonly lockTimeout: number },
): Promise<SnapshotRow[]> {
  const ids = await inTransaction(session, options, async () => {
    const made: number[] = [];
    for (const candidate of candidates) {
      try {
        made.push(await adoptOne(session, candidate, options));
      } catch (cause) {
        if (!(cause instanceof QueryError)) throw cause;
        throw new PgstrataError(`Cannot adopt ${qualifiedName(candidate.schema, candidate.name)}: the server refused`, {
          code: "refused",
          cause: new Error(cause.serverMessage),
          hint: "Only its owner or a superuser can move a table. None was moved.",
        });
      }
    }
    return made;
  });
  return await snapshotsById(session, ids);
}

interface TableRow extends TableName {
  readonly oid: string;
  readonly owner: string;
  readonly size: string;
  readonly estimate: string;
  readonly movable: boolean;
  readonly dependents: string[];
}

const TABLES = `
SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name,
       pg_catalog.pg_get_userbyid(c.relowner)::text AS owner, pg_catalog.pg_total_relation_size(c.oid)::text AS size,
       c.reltuples::int8::text AS estimate,
       c.relkind = 'r' AND NOT c.relispartition AND (pg_catalog.cardinality($1::text[]) = 0 OR n.nspname::text = ANY ($1::text[])) AND NOT EXISTS (
         SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid OR h.inhparent = c.oid)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
         AND d.objid = c.oid AND d.deptype = 'e')
       AND NOT (n.nspname = 'backup' AND (c.relname IN ('pgstrata_migrations', 'backup_metadata', 'settings', 'granted_roles')
         OR EXISTS (SELECT FROM backup.backup_metadata m WHERE m.backup_table = c.relname::text))) AS movable,
       backup.dependents(c.oid) AS dependents
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY n.nspname, c.relname`;

async function adoptOne(
  session: Session,
  candidate: Candidate,
  options: { readonly kind: SnapshotKind; readonly reason: string | null },
): Promise<number> {
  const from = qualifiedName(candidate.schema, candidate.name);
  await session.execute(`LOCK TABLE ${from} IN ACCESS EXCLUSIVE MODE`);
  const [names] = await session.query<{ same: boolean; name: string; owner: string }>(
    `SELECT $1::oid = ${quoteLiteral(from)}::pg_catalog.regclass::oid AS same,
            CASE WHEN $3 OR pg_catalog.to_regclass(pg_catalog.format('backup.%I', $2::text)) IS NULL
                  AND NOT EXISTS (SELECT FROM backup.backup_metadata m WHERE m.backup_table = $2)
                 THEN $2 ELSE backup.free_name($2, '_adopted') END AS name,
            (SELECT pg_catalog.pg_get_userbyid(n.nspowner)::text FROM pg_catalog.pg_namespace n WHERE n.nspname = 'backup') AS owner`,
    [candidate.oid, candidate.name, candidate.schema === "backup"],
  );
  if (names?.same !== true) {
    throw new PgstrataError(`Cannot adopt ${from}: it was replaced by another table`, { code: "refused" });
  }
  if (candidate.schema !== "backup") {
    // Renamed where it is first: on the way there must be no moment with a name that is taken.
    if (names.name !== candidate.name) {
      await session.execute(`ALTER TABLE ${from} RENAME TO ${quoteIdentifier(names.name)}`);
    }
    await session.execute(`ALTER TABLE ${qualifiedName(candidate.schema, names.name)} SET SCHEMA backup`);
  }
  const copy = qualifiedName("backup", names.name);
  if (names.owner !== candidate.owner) {
    await session.execute(`ALTER TABLE ${copy} OWNER TO ${quoteIdentifier(names.owner)}`);
  }
  const oid = `${quoteLiteral(copy)}::pg_catalog.regclass::oid`;
  await session.execute(`SELECT backup.close_copy(${oid})`);
  const [row] = await session.query<{ id: string }>(
    `INSERT INTO backup.backup_metadata (original_schema, original_table, backup_table, backup_date, row_count, total_bytes,
            reason, kind, created_by, expires_at, review_at, definition)
     SELECT $1, $2, $3, coalesce($4::timestamptz, pg_catalog.now()), (SELECT pg_catalog.count(*) FROM ${copy}),
            pg_catalog.pg_total_relation_size(${oid}), $5, $6, backup.caller(), pg_catalog.now() + r.keep,
            pg_catalog.now() + r.review, backup.describe_table(${oid})
       FROM backup.retention($6) r RETURNING id::text AS id`,
    [
      candidate.originalSchema,
      candidate.original,
      names.name,
      candidate.date === null ? null : `${candidate.date}T00:00:00Z`,
      options.reason ?? `adopted from ${from}`,
      options.kind,
    ],
  );
  return Number(row?.id);
}
