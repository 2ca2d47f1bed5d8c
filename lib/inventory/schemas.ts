import type { Session } from "../connection/mod.ts";
import { INTERNAL_SCHEMAS_SQL, type RelationPatterns } from "./relations.ts";
import { namePattern } from "./name_pattern.ts";

/** A schema of the database. */
export interface Schema {
  readonly oid: number;
  readonly name: string;
  /** Whether the patterns choose it as a whole; with `--table` none is. */
  readonly selected: boolean;
}

/** All schemas but PostgreSQL's own, by name. */
export async function readSchemas(session: Session, patterns: RelationPatterns): Promise<Schema[]> {
  const regexes = (list: readonly string[]) => list.map((text) => namePattern(text).name);
  const rows = await session.query<{ oid: string; name: string; included: boolean; excluded: boolean }>(
    `
SELECT n.oid::text AS oid, n.nspname AS name,
       EXISTS (SELECT 1 FROM jsonb_array_elements_text($1::text::jsonb) p WHERE n.nspname ~ p) AS included,
       EXISTS (SELECT 1 FROM jsonb_array_elements_text($2::text::jsonb) p WHERE n.nspname ~ p) AS excluded
  FROM pg_catalog.pg_namespace n WHERE NOT ${INTERNAL_SCHEMAS_SQL} ORDER BY n.nspname`,
    [JSON.stringify(regexes(patterns.schemas)), JSON.stringify(regexes(patterns.excludeSchemas))],
  );
  return rows.map((row) => ({
    oid: Number(row.oid),
    name: row.name,
    selected: patterns.tables.length === 0 && !row.excluded && (patterns.schemas.length === 0 || row.included),
  }));
}
