import { PgstrataError, qualifiedName, quoteIdentifier, sizeText } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import { requireInstalled } from "./install.ts";
import { type SnapshotKind, type SnapshotRow, snapshotsById } from "./snapshot_row.ts";
import { resolveTable, type TableName } from "./table_name.ts";
import { inTransaction } from "./transaction.ts";

/** What is copied and why. */
export interface CreateOptions {
  /** As on the command line; see {@linkcode resolveTable}. */
  readonly tables: readonly string[];
  readonly reason: string;
  readonly kind: SnapshotKind;
  readonly ticket: string | null;
  readonly requestedBy: string | null;
  readonly withIndexes: boolean;
  /** Keep a digest of the rows, read from the copy. Costs about as much again as the copy. */
  readonly withHash: boolean;
  /** Largest table to copy, bytes; null is the limit kept in the database. */
  readonly maxBytes: number | null;
  /** Milliseconds to wait for locks of others. */
  readonly lockTimeout: number;
  /** Bytes free for the server, as far as somebody knows; null is unknown. */
  readonly freeBytes: number | null;
  /** Name that joins the copies of this call. */
  readonly setName: string;
}

/** Kept free on the server's disk beside a copy, at least: 5 % of the copy and this, for the log that it writes. */
const HEADROOM = 64 * 2 ** 20;

/**
 * Copies tables, in one transaction and of one instant: all of them, or none.
 *
 * The tables are locked (ACCESS SHARE) before the transaction takes its snapshot: a TRUNCATE between the two would
 * otherwise show as an empty table without an error.
 *
 * @throws {PgstrataError} code `no_room` when the copies would not fit; `refused` when a table is locked by others or
 *   larger than the limit; `usage` for a table that is not there; {@linkcode QueryError} for what the server refuses
 */
export async function createSnapshots(session: Session, options: CreateOptions): Promise<SnapshotRow[]> {
  await requireInstalled(session);
  const tables: (TableName & { readonly oid: string })[] = [];
  for (const argument of options.tables) {
    const table = await resolveTable(session, argument);
    if (!tables.some(({ oid }) => oid === table.oid)) tables.push(table);
  }
  await checkRoom(session, tables.map(({ oid }) => oid), options.freeBytes);
  const ids = await inTransaction(
    session,
    { isolation: "REPEATABLE READ", lockTimeout: options.lockTimeout },
    async () => {
      await lockTables(session, tables);
      const made: number[] = [];
      for (const table of tables) made.push(await createOne(session, table, options));
      return made;
    },
  );
  return await snapshotsById(session, ids);
}

async function lockTables(session: Session, tables: readonly TableName[]): Promise<void> {
  const names = tables.map(({ schema, name }) => qualifiedName(schema, name));
  try {
    await session.execute(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
  } catch (error) {
    throw lockError(error, names.join(", "));
  }
}

async function createOne(
  session: Session,
  table: TableName & { readonly oid: string },
  options: CreateOptions,
): Promise<number> {
  const name = qualifiedName(table.schema, table.name);
  try {
    const [row] = await session.query<{ id: string }>(
      "SELECT backup.create_snapshot($1, $2, $3, $4, $5, $6, $7::bool, $8::bool, $9::int8, $10)::text AS id",
      [
        table.schema,
        table.name,
        options.reason,
        options.kind,
        options.ticket,
        options.requestedBy,
        options.withIndexes,
        options.withHash,
        options.maxBytes === null ? null : String(options.maxBytes),
        options.setName,
      ],
    );
    return Number(row?.id);
  } catch (error) {
    throw lockError(error, name);
  }
}

async function checkRoom(session: Session, oids: readonly string[], freeBytes: number | null): Promise<void> {
  if (freeBytes === null) return;
  const [row] = await session.query<{ bytes: string }>(
    `SELECT coalesce(sum(pg_catalog.pg_table_size(coalesce(t.relid, o.oid))), 0)::text AS bytes
       FROM pg_catalog.unnest($1::oid[]) AS o (oid)
       LEFT JOIN LATERAL pg_catalog.pg_partition_tree(o.oid) t ON t.isleaf`,
    [[...oids]],
  );
  const needed = Math.ceil(Number(row?.bytes ?? 0) * 1.05) + HEADROOM;
  if (needed <= freeBytes) return;
  throw new PgstrataError("Cannot create snapshots: there is not enough room on the server's disk", {
    code: "no_room",
    context: { needed: sizeText(needed), free: sizeText(freeBytes) },
    hint: "Free space there, drop old copies (pgstrata snapshot prune), or back the tables up to files instead.",
  });
}

function lockError(error: unknown, table: string): unknown {
  if (!(error instanceof QueryError)) return error;
  const { sqlstate } = error;
  if (sqlstate === "55P03") {
    return new PgstrataError(`Cannot create snapshots: ${table} is locked by others`, {
      code: "refused",
      cause: error,
      hint: "Try again later, or wait longer with --lock-timeout. Nothing was copied.",
    });
  }
  const refused: Readonly<Record<string, string>> = {
    "42501": "the role may not read it",
    "54000": "the table is larger than the limit",
    "42809": "it is not a table that can be copied",
    "42P01": "it is not there any more",
    "40001": "it was changed at the same time",
  };
  const state = refused[sqlstate];
  if (state === undefined) return error;
  return new PgstrataError(`Cannot create snapshot of ${table}: ${state}`, {
    code: "refused",
    cause: new Error(error.serverMessage),
    hint: sqlstate === "54000"
      ? "Give --max-size, or raise it for good: UPDATE backup.settings SET max_table_bytes = …"
      : error.hint ?? "Nothing was copied.",
  });
}

/** `backup."name"` of a copy. */
export function copyName({ backupTable }: Pick<SnapshotRow, "backupTable">): string {
  return `backup.${quoteIdentifier(backupTable)}`;
}
