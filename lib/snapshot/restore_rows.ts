import { PgstrataError, quoteIdentifier } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import { differs } from "./columns.ts";
import { countDifferences, type RowCounts } from "./diff.ts";
import { countOrphans, type ForeignKey, readForeignKeys } from "./foreign_keys.ts";
import { findLivingTable, type LivingTable } from "./living_table.ts";
import { sameKey } from "./row_key.ts";
import { moveSequences } from "./sequences.ts";
import { becomeReplica, planSilence } from "./silence.ts";
import type { SnapshotRow } from "./snapshot_row.ts";
import { inTransaction } from "./transaction.ts";

/** Which rows come back into the living table. */
export interface RestoreRows {
  /** SQL about the columns of the copy; null: all, and rows that are not in the copy go. */
  readonly condition: string | null;
  /** Copies the living table first, in the same transaction: gone again when nothing was restored. */
  readonly safetyCopy: boolean;
  /** Milliseconds to wait for locks of others. */
  readonly lockTimeout: number;
}

/** What a restore in place does to the living table. */
export interface RowPlan {
  /** Rows that come (back). */
  readonly inserted: number;
  /** Rows that get their old values; null without a key: all rows are replaced. */
  readonly updated: number | null;
  /** Rows that go. */
  readonly deleted: number;
  readonly key: readonly string[] | null;
  /** Columns of the living table that the copy does not have: they keep their values, new rows get the default. */
  readonly untouchedColumns: readonly string[];
  /** Columns of the copy that the living table has no more: they are left out. */
  readonly lostColumns: readonly string[];
  /** Triggers and rules that are off meanwhile. */
  readonly silenced: number;
}

/** What a restore in place did. */
export interface RestoredRows extends RowPlan {
  /** Id of the copy of the table as it was before; null without. */
  readonly safetyCopy: number | null;
  readonly sequences: readonly string[];
  /** Foreign keys from and to the table, all of which hold. */
  readonly foreignKeys: number;
}

/**
 * What a restore in place would do; changes nothing.
 *
 * @throws {PgstrataError} code `usage` for a condition that is not SQL about the copy's columns; `refused` without the
 *   living table
 */
export async function planRestoreRows(session: Session, snapshot: SnapshotRow, options: RestoreRows): Promise<RowPlan> {
  return await inTransaction(session, { isolation: "REPEATABLE READ", lockTimeout: options.lockTimeout }, async () => {
    const living = await findLivingTable(session, snapshot);
    const source = await chooseRows(session, living, options.condition);
    return await planFor(session, living, source, options.condition === null);
  });
}

/**
 * Brings rows back in one transaction: others read the old rows until it ends, nobody writes meanwhile. Triggers and
 * rules are off, foreign keys hold afterwards or everything is undone, sequences move past the rows.
 *
 * @throws {PgstrataError} code `refused` when a foreign key would not hold, the table is locked or has gone
 */
export async function restoreRows(
  session: Session,
  snapshot: SnapshotRow,
  options: RestoreRows,
  onPlan: (plan: RowPlan) => void = () => {},
): Promise<RestoredRows> {
  return await inTransaction(session, { lockTimeout: options.lockTimeout }, async () => {
    const before = await findLivingTable(session, snapshot);
    await lockTable(session, before);
    const living = await findLivingTable(session, snapshot);
    if (living.oid !== before.oid) {
      throw new PgstrataError(`Cannot restore into ${living.name}: it was replaced by another table`, {
        code: "refused",
      });
    }
    const whole = options.condition === null;
    const source = await chooseRows(session, living, options.condition);
    const plan = await planFor(session, living, source, whole);
    onPlan(plan);
    const keys = await readForeignKeys(session, living.oid);
    const safetyCopy = options.safetyCopy ? await copyFirst(session, snapshot) : null;
    await apply(session, living, source, whole, keys);
    const sequences = await moveSequences(session, living.from, living.columns.common);
    await checkForeignKeys(session, living, keys);
    return { ...plan, safetyCopy, sequences, foreignKeys: keys.length };
  });
}

async function copyFirst(session: Session, snapshot: SnapshotRow): Promise<number> {
  const [row] = await session.query<{ id: string }>(
    "SELECT backup.create_snapshot($1, $2, $3, p_ticket => $4, p_max_bytes => 9223372036854775807)::text AS id",
    [
      snapshot.originalSchema,
      snapshot.originalTable,
      `before the restore of snapshot ${snapshot.id}`,
      snapshot.ticket,
    ],
  );
  return Number(row?.id);
}

async function lockTable(session: Session, living: LivingTable): Promise<void> {
  try {
    await session.execute(`LOCK TABLE ${living.name} IN SHARE ROW EXCLUSIVE MODE`);
  } catch (error) {
    if (!(error instanceof QueryError) || error.sqlstate !== "55P03") throw error;
    throw new PgstrataError(`Cannot restore into ${living.name}: others are writing to it`, {
      code: "refused",
      cause: error,
      hint: "Try again later, or wait longer with --lock-timeout. Nothing was changed.",
    });
  }
}

/** The rows to bring back, as a table: the copy, or some of it. */
async function chooseRows(session: Session, living: LivingTable, condition: string | null): Promise<string> {
  if (condition === null) return living.copy;
  const chosen = "pg_temp.pgstrata_chosen_rows";
  try {
    // With a parameter the statement goes by the protocol that takes one statement only: what gets through here is a
    // condition, and nothing behind it.
    await session.query(
      `SELECT pg_catalog.count(*) FROM (SELECT * FROM ${living.copy} AS t WHERE $1::int4 = 1 AND (${condition}\n)) AS chosen`,
      [1],
    );
    await session.execute(
      `CREATE TEMPORARY TABLE pgstrata_chosen_rows ON COMMIT DROP AS SELECT * FROM ${living.copy} AS t WHERE (${condition}\n)`,
    );
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause;
    throw new PgstrataError("Cannot choose rows: the condition is not SQL about the columns of the copy", {
      code: "usage",
      cause: new Error(cause.serverMessage),
      hint: 'For example: --rows "id IN (1, 2)". Functions outside of PostgreSQL\'s own need their schema.',
    });
  }
  return chosen;
}

async function planFor(session: Session, living: LivingTable, source: string, whole: boolean): Promise<RowPlan> {
  const counts = await countDifferences(session, living, source);
  const { before } = await planSilence(session, living.oid);
  return {
    ...rowChanges(counts, whole),
    key: living.key?.columns ?? null,
    untouchedColumns: living.columns.added,
    lostColumns: living.columns.removed,
    silenced: before.length,
  };
}

function rowChanges(
  { added, removed, changed }: RowCounts,
  whole: boolean,
): Pick<RowPlan, "inserted" | "updated" | "deleted"> {
  return { inserted: removed, updated: changed, deleted: whole ? added : 0 };
}

async function apply(
  session: Session,
  living: LivingTable,
  source: string,
  whole: boolean,
  keys: readonly ForeignKey[],
): Promise<void> {
  const silence = await planSilence(session, living.oid);
  if (silence.before.length > 0) await session.execute(silence.before.join(";\n"));
  const replica = !keys.some(({ period }) => period) && await becomeReplica(session);
  if (!replica) await refuseCascades(session, living, source, whole, keys);
  for (const statement of statements(living, source, whole, replica)) await session.execute(statement);
  if (replica) await session.execute("SET LOCAL session_replication_role = origin");
  // Deferred foreign keys have to be looked at before a table with waiting checks can be altered.
  await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
  if (silence.after.length > 0) await session.execute(silence.after.join(";\n"));
}

function statements(living: LivingTable, source: string, whole: boolean, replica: boolean): string[] {
  const { key, name, from, columns } = living;
  const own = columns.common.filter(({ generated }) => !generated);
  const names = own.map(({ name: column }) => quoteIdentifier(column)).join(", ");
  const values = own.map(({ name: column }) => `b.${quoteIdentifier(column)}`).join(", ");
  const insert = own.length === 0
    ? `INSERT INTO ${name} SELECT FROM ${source} AS b`
    : `INSERT INTO ${name} (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM ${source} AS b`;
  if (key === null) return whole ? [`DELETE FROM ${from}`, insert] : [insert];
  const same = sameKey(key, "l", "b");
  const remove = `DELETE FROM ${from} AS l WHERE NOT EXISTS (SELECT FROM ${source} AS b WHERE ${same})`;
  const missing = `${insert} WHERE NOT EXISTS (SELECT FROM ${from} AS l WHERE ${same})`;
  const changed = differs(own, "l", "b");
  // Going and coming again lets two rows swap a unique value, and gives identity columns their value; but columns that
  // the copy does not know would be lost, and foreign keys that act would act.
  const swap = `DELETE FROM ${from} AS l USING ${source} AS b WHERE ${same} AND ${changed}`;
  const set = own.filter(({ name: column, identity }) => !key.columns.includes(column) && identity !== "always")
    .map(({ name: column }) => `${quoteIdentifier(column)} = b.${quoteIdentifier(column)}`).join(", ");
  const update = `UPDATE ${from} AS l SET ${set} FROM ${source} AS b WHERE ${same} AND ${changed}`;
  const middle = replica && columns.added.length === 0 ? [swap] : set === "" ? [] : [update];
  return [...(whole ? [remove] : []), ...middle, missing];
}

/** Without being a replica, deleting a row acts on the rows that refer to it: refused before anything happens. */
async function refuseCascades(
  session: Session,
  living: LivingTable,
  source: string,
  whole: boolean,
  keys: readonly ForeignKey[],
): Promise<void> {
  for (const key of keys) {
    if (!key.incoming) continue;
    const others = key.parentColumns.filter((name) => !living.key?.columns.includes(name));
    const gone = whole && living.key !== null
      ? await countOrphans(session, { ...key, parent: source })
      : whole || others.length > 0
      ? 1
      : 0;
    if (gone > 0) throw orphans(living, key, gone);
  }
}

async function checkForeignKeys(session: Session, living: LivingTable, keys: readonly ForeignKey[]): Promise<void> {
  for (const key of keys) {
    if (key.period) continue;
    const count = await countOrphans(session, key);
    if (count > 0) throw orphans(living, key, count);
  }
}

function orphans(living: LivingTable, key: ForeignKey, count: number): PgstrataError {
  return new PgstrataError(
    `Cannot restore into ${living.name}: foreign key ${quoteIdentifier(key.name)} would not hold`,
    {
      code: "refused",
      context: { child: key.child, parent: key.parent, "rows without parent": count },
      hint: key.incoming
        ? `Rows of ${key.child} refer to rows that are not in the copy: restore chosen rows with --rows, or into a new ` +
          "table with --into. Nothing was changed."
        : `Rows of the copy refer to rows that ${key.parent} has no more: restore those first. Nothing was changed.`,
    },
  );
}
