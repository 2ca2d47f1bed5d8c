import { qualifiedName } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import type { CompareScope } from "./compare_options.ts";

/** Names in one pattern: pg_dump looks for each pattern by one query, and a long expression is compiled slowly. */
const NAMES = 50;

/** Whether a part of the database is compared only. */
export function isPart({ schemas, tables }: Pick<CompareScope, "schemas" | "tables">): boolean {
  return schemas !== null || tables !== null;
}

/**
 * Arguments of `pg_dump` that keep it from reading rows and large objects nobody compares: a table that was restored
 * into a large database is not worth reading all of that.
 */
export async function dataArguments(session: Session, scope: CompareScope): Promise<string[]> {
  const schemas = scope.schemas === null ? null : new Set(scope.schemas);
  const tables = scope.tables === null
    ? null
    : new Set(scope.tables.map(({ schema, name }) => qualifiedName(schema, name)));
  const rows = await session.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class AS c
     JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r'
     AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1, 2`,
  );
  const left = rows.filter(({ schema, name }) =>
    tables !== null ? !tables.has(qualifiedName(schema, name)) : schemas !== null && !schemas.has(schema)
  );
  const patterns: string[] = [];
  for (const [schema, names] of Map.groupBy(left, (row) => row.schema)) {
    for (let start = 0; start < names.length; start += NAMES) {
      patterns.push(dataPattern(schema, names.slice(start, start + NAMES).map(({ name }) => name)));
    }
  }
  return ["--no-blobs", ...patterns.map((pattern) => `--exclude-table-data=${pattern}`)];
}

/** A pattern of pg_dump that matches these tables alone (fe_utils/string_utils.c, `processSQLNamePattern`). */
export function dataPattern(schema: string, names: readonly string[]): string {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const [first = "", ...others] = names.map(quote);
  return `${quote(schema)}.${others.length === 0 ? first : `(${[first, ...others].join("|")})`}`;
}
