import { PgstrataError, qualifiedName, quoteIdentifier, quoteLiteral } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import { copyName } from "./create.ts";
import { moveSequences } from "./sequences.ts";
import type { SnapshotRow } from "./snapshot_row.ts";
import type { TableName } from "./table_name.ts";
import { inTransaction } from "./transaction.ts";

/** A column as the record keeps it; all but names is SQL that the server wrote. */
interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly expression: string | null;
  readonly generated: "stored" | "virtual" | null;
  readonly identity: "always" | "by default" | null;
  readonly sequence: string | null;
  readonly collation: string | null;
  readonly comment: string | null;
}

interface TableDefinition {
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly { readonly name: string; readonly type: string; readonly definition: string }[];
  readonly indexes: readonly { readonly name: string; readonly definition: string }[];
  readonly triggers: readonly { readonly name: string }[];
  readonly comment: string | null;
}

/** A new table made of a copy. */
export interface RestoredTable {
  /** Qualified and quoted. */
  readonly table: string;
  readonly rows: number;
  readonly sequences: readonly string[];
  /** What of the original's definition the new table does not have, in words. */
  readonly leftOut: readonly string[];
}

/**
 * Makes a new table of a copy: columns, defaults, generated and identity columns, keys and checks as they were. It
 * belongs to this role alone, whatever default privileges say, with row security on: on Supabase every new table of
 * `public` would be open to the API's roles.
 *
 * @throws {PgstrataError} code `refused` when the name is taken, or a part of the definition cannot be made any more
 */
export async function restoreInto(session: Session, snapshot: SnapshotRow, into: TableName): Promise<RestoredTable> {
  const [record] = await session.query<{ definition: TableDefinition }>(
    "SELECT definition FROM backup.backup_metadata WHERE id = $1::int8",
    [String(snapshot.id)],
  );
  if (record === undefined) throw new PgstrataError(`Cannot restore snapshot ${snapshot.id}: it has no record`);
  const { definition } = record;
  const table = qualifiedName(into.schema, into.name);
  try {
    return await inTransaction(session, { lockTimeout: 10_000 }, async () => {
      await session.execute(
        `CREATE TABLE ${table} (${definition.columns.map((column) => columnSql(column)).join(", ")})`,
      );
      await closeTable(session, into);
      const rows = await fill(session, snapshot, table, definition);
      const leftOut = await finish(session, table, definition);
      const serial = await serialColumns(session, into);
      return { table, rows, sequences: await moveSequences(session, table, serial), leftOut };
    });
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause;
    throw new PgstrataError(
      `Cannot restore into ${table}: ${
        cause.sqlstate === "42P07" ? "the name is taken" : "the server refused its definition"
      }`,
      { code: "refused", cause: new Error(cause.serverMessage), hint: "Nothing was made or changed." },
    );
  }
}

function columnSql(column: ColumnDefinition): string {
  const { name, type, collation, generated, expression, identity, notNull } = column;
  const parts = [quoteIdentifier(name), isSerial(column) ? serialType(type) : type];
  if (collation !== null) parts.push(`COLLATE ${collation}`);
  if (generated !== null) parts.push(`GENERATED ALWAYS AS (${expression}) ${generated.toUpperCase()}`);
  else if (identity !== null) parts.push(`GENERATED ${identity.toUpperCase()} AS IDENTITY`);
  else if (expression !== null && !isSerial(column)) parts.push(`DEFAULT ${expression}`);
  if (notNull) parts.push("NOT NULL");
  return parts.join(" ");
}

/** A default from a sequence of its own: the new table gets its own too, so that it does not hang on the original's. */
function isSerial({ sequence, identity, expression, type }: ColumnDefinition): boolean {
  return sequence !== null && identity === null && expression !== null && serialType(type) !== type;
}

function serialType(type: string): string {
  return { smallint: "smallserial", integer: "serial", bigint: "bigserial" }[type] ?? type;
}

async function closeTable(session: Session, into: TableName): Promise<void> {
  const table = qualifiedName(into.schema, into.name);
  await session.execute(
    `DO $body$ DECLARE v record; BEGIN
       FOR v IN SELECT 'TABLE' AS kind, c.oid, c.relacl, c.relowner, ${
      quoteDollar(table)
    } AS name FROM pg_catalog.pg_class c
                 WHERE c.oid = ${quoteDollar(table)}::pg_catalog.regclass LOOP
         PERFORM backup.revoke_all(v.kind, v.name, v.relacl, v.relowner);
       END LOOP; END $body$;
     ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
  );
}

/** A literal inside a dollar-quoted body; the tag cannot stand in it by chance, since `$` is doubled into chr(36). */
function quoteDollar(text: string): string {
  return quoteLiteral(text).includes("$body$")
    ? `pg_catalog.replace(${quoteLiteral(text.replaceAll("$", "\u0001"))}, pg_catalog.chr(1), pg_catalog.chr(36))`
    : quoteLiteral(text);
}

async function fill(
  session: Session,
  snapshot: SnapshotRow,
  table: string,
  definition: TableDefinition,
): Promise<number> {
  const names = definition.columns.filter(({ generated }) => generated === null).map(({ name }) =>
    quoteIdentifier(name)
  );
  await session.execute(
    names.length === 0
      ? `INSERT INTO ${table} SELECT FROM ${copyName(snapshot)}`
      : `INSERT INTO ${table} (${names.join(", ")}) OVERRIDING SYSTEM VALUE SELECT ${names.join(", ")} FROM ${
        copyName(snapshot)
      }`,
  );
  const [row] = await session.query<{ count: string }>(`SELECT pg_catalog.count(*)::text AS count FROM ${table}`);
  return Number(row?.count ?? 0);
}

/** Constraints without their names, which other tables may have; indexes; comments. */
async function finish(session: Session, table: string, definition: TableDefinition): Promise<string[]> {
  const leftOut = definition.triggers.map(({ name }) => `trigger ${quoteIdentifier(name)}`);
  for (const { type, definition: text, name } of definition.constraints) {
    if (type === "f") leftOut.push(`foreign key ${quoteIdentifier(name)}`);
    else await session.execute(`ALTER TABLE ${table} ADD ${text}`);
  }
  for (const { name, definition: text } of definition.indexes) {
    const parts =
      /^CREATE (UNIQUE )?INDEX (?:"(?:[^"]|"")*"|[^ "]+) ON (?:ONLY )?((?:"(?:[^"]|"")*"|[^ ".])+\.(?:"(?:[^"]|"")*"|[^ ".])+) (USING .*)$/s
        .exec(text);
    if (parts === null) leftOut.push(`index ${quoteIdentifier(name)}`);
    else await session.execute(`CREATE ${parts[1] ?? ""}INDEX ON ${table} ${parts[3]}`);
  }
  if (definition.comment !== null) {
    await session.execute(`COMMENT ON TABLE ${table} IS ${quoteLiteral(definition.comment)}`);
  }
  for (const { name, comment } of definition.columns) {
    if (comment === null) continue;
    await session.execute(`COMMENT ON COLUMN ${table}.${quoteIdentifier(name)} IS ${quoteLiteral(comment)}`);
  }
  return leftOut;
}

async function serialColumns(
  session: Session,
  into: TableName,
): Promise<{ readonly name: string; readonly sequence: string | null }[]> {
  const table = qualifiedName(into.schema, into.name);
  return await session.query<{ name: string; sequence: string | null }>(
    `SELECT a.attname::text AS name, pg_catalog.pg_get_serial_sequence($1, a.attname::text) AS sequence
       FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped`,
    [table],
  );
}
