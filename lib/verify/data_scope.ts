import { qualifiedName } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import type { CompareScope } from "./compare_options.ts";
import { otherNames, quoted } from "./name_complement.ts";

/** Names in one pattern: pg_dump looks for each pattern by one query, and a long expression is compiled slowly. */
const NAMES = 50;

/** Whether a part of the database is compared only. */
export function isPart({ schemas, tables }: Pick<CompareScope, "schemas" | "tables">): boolean {
  return schemas !== null || tables !== null;
}

/** Tables that are compared, and the sequences they own: both have data. */
const WITH_SEQUENCES = `
SELECT n.nspname AS schema, c.relname AS name, s.relname AS owned FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid
  AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1, 2`;

/**
 * Arguments of `pg_dump` that keep it from reading rows and large objects nobody compares: a table that was restored
 * into a large database is not worth reading all of that. Few patterns, however many tables there are.
 */
export async function dataArguments(session: Session, scope: CompareScope): Promise<string[]> {
  const schemas = scope.schemas === null ? null : new Set(scope.schemas);
  const tables = scope.tables === null
    ? null
    : new Set(scope.tables.map(({ schema, name }) => qualifiedName(schema, name)));
  const isCompared = (schema: string, name: string) =>
    tables !== null ? tables.has(qualifiedName(schema, name)) : schemas === null || schemas.has(schema);
  const rows = await session.query<{ schema: string; name: string; owned: string | null }>(WITH_SEQUENCES);
  const patterns: string[] = [];
  for (const [schema, all] of Map.groupBy(rows, (row) => row.schema)) {
    const compared = all.filter(({ name }) => isCompared(schema, name));
    if (compared.length === 0) patterns.push(`${quoted(schema)}.*`);
    else patterns.push(...patternsBut(schema, compared, all));
  }
  return ["--no-blobs", ...patterns.map((pattern) => `--exclude-table-data=${pattern}`)];
}

/** Patterns for what is not compared of a schema, the shorter way. */
function patternsBut(
  schema: string,
  compared: readonly { readonly name: string; readonly owned: string | null }[],
  all: readonly { readonly name: string }[],
): string[] {
  const kept = new Set(compared.map(({ name }) => name));
  const left = [...new Set(all.map(({ name }) => name))].filter((name) => !kept.has(name));
  if (left.length === 0) return [];
  const withSequences = new Set([...kept, ...compared.flatMap(({ owned }) => owned ?? [])]);
  if (left.length > NAMES && withSequences.size <= NAMES) return [`${quoted(schema)}.${otherNames(withSequences)}`];
  const patterns: string[] = [];
  for (let start = 0; start < left.length; start += NAMES) {
    patterns.push(dataPattern(schema, left.slice(start, start + NAMES)));
  }
  return patterns;
}

/** A pattern of pg_dump that matches these tables alone (fe_utils/string_utils.c, `processSQLNamePattern`). */
export function dataPattern(schema: string, names: readonly string[]): string {
  const [first = "", ...others] = names.map(quoted);
  return `${quoted(schema)}.${others.length === 0 ? first : `(${[first, ...others].join("|")})`}`;
}
