import { PgstrataError } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** A table by its true names, unquoted. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/**
 * The existing table that an argument means, as the function in the database understands it: an exact name in `public`,
 * else SQL's `schema.name` with its quoting.
 *
 * @throws {PgstrataError} code `usage` when there is none
 */
export async function resolveTable(session: Session, argument: string): Promise<TableName & { readonly oid: string }> {
  try {
    const [row] = await session.query<{ oid: string; schema: string; name: string }>(
      `SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = backup.resolve_table(NULL, $1)`,
      [argument],
    );
    if (row !== undefined) return row;
  } catch (cause) {
    if ((cause as { sqlstate?: string }).sqlstate !== "42P01") throw cause;
    throw unknownTable(argument, cause);
  }
  throw unknownTable(argument, undefined);
}

/**
 * A name for a table to be made: `name` in `public`, or SQL's `schema.name`.
 *
 * @throws {PgstrataError} code `usage` when it is no name
 */
export async function parseTableName(session: Session, argument: string): Promise<TableName> {
  try {
    const [row] = await session.query<{ parts: string[] }>("SELECT pg_catalog.parse_ident($1) AS parts", [argument]);
    const [first, second, ...more] = row?.parts ?? [];
    if (first !== undefined && more.length === 0) {
      return second === undefined ? { schema: "public", name: first } : { schema: first, name: second };
    }
  } catch (cause) {
    if ((cause as { sqlstate?: string }).sqlstate !== "22023") throw cause;
  }
  throw new PgstrataError(`Cannot read "${argument}": it is not the name of a table`, {
    code: "usage",
    hint: "Write name or schema.name; other characters and capitals in double quotes: 'sales.\"Order\"'.",
  });
}

function unknownTable(argument: string, cause: unknown): PgstrataError {
  return new PgstrataError(`Cannot find table "${argument}": there is none in this database`, {
    code: "usage",
    hint: "A name without a schema is looked for in public; otherwise write schema.name.",
    cause,
  });
}
