import type { Session } from "../connection/mod.ts";
import { namePattern } from "./name_pattern.ts";

/** Schemas that are PostgreSQL's own and never backed up; `pg_*` is reserved for it. */
export const INTERNAL_SCHEMAS_SQL = "(n.nspname ~ '^pg_' OR n.nspname = 'information_schema')";

/** Which relations are wanted, as patterns of pg_dump. */
export interface RelationPatterns {
  readonly schemas: readonly string[];
  readonly excludeSchemas: readonly string[];
  readonly tables: readonly string[];
  readonly excludeTables: readonly string[];
  readonly excludeTableData: readonly string[];
}

/** A relation of the database. */
export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "partitioned_table" | "foreign_table" | "view" | "materialized_view" | "sequence";
  readonly unlogged: boolean;
  /** Heap, indexes and TOAST in bytes; 0 for what holds no rows of its own. */
  readonly totalBytes: number;
  /** Whether this role may read all its rows. */
  readonly readable: boolean;
  /** Why not, in words; null if it may. */
  readonly unreadableReason: string | null;
  /** The extension it belongs to. */
  readonly extension: string | null;
  /** Whether that extension lets pg_dump dump its rows (`pg_extension_config_dump`). */
  readonly extensionConfiguration: boolean;
  /** Whether the patterns choose it. */
  readonly selected: boolean;
  /** Whether the patterns choose its rows too. */
  readonly dataSelected: boolean;
}

const KINDS: Readonly<Record<string, Relation["kind"]>> = {
  r: "table",
  p: "partitioned_table",
  f: "foreign_table",
  v: "view",
  m: "materialized_view",
  S: "sequence",
};

interface RelationRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly persistence: string;
  readonly total_bytes: string;
  readonly may_select: boolean;
  readonly may_use_schema: boolean;
  readonly row_security: boolean;
  readonly extension: string | null;
  readonly configuration: boolean;
  readonly in_schemas: boolean;
  readonly out_schemas: boolean;
  readonly in_tables: boolean;
  readonly out_tables: boolean;
  readonly out_data: boolean;
  readonly owner_oid: string | null;
}

/**
 * All relations outside PostgreSQL's own schemas, with sizes and what this role may read.
 *
 * Sizes are asked of tables only where `withSizes` is set, and only after the tables are locked: asking opens
 * the relation and would wait for whoever holds it exclusively.
 *
 * @throws {PgstrataError} code `connection` as the session does; `usage` for a pattern that is none
 */
export async function readRelations(
  session: Session,
  patterns: RelationPatterns,
  options: { readonly withSizes: boolean },
): Promise<Relation[]> {
  const parameters: string[] = [];
  const matches = (list: readonly string[], kind: "schema" | "table"): string => {
    const conditions = list.map((text) => {
      const pattern = namePattern(text);
      const match = (column: string, regex: string) => {
        parameters.push(regex);
        return `${column} OPERATOR(pg_catalog.~) $${parameters.length}::pg_catalog.text COLLATE pg_catalog.default`;
      };
      if (kind === "schema") return match("n.nspname", pattern.name);
      const name = match("c.relname", pattern.name);
      return pattern.schema === null
        ? `(${name} AND pg_catalog.pg_table_is_visible(c.oid))`
        : `(${name} AND ${match("n.nspname", pattern.schema)})`;
    });
    return conditions.length === 0 ? "false" : `(${conditions.join(" OR ")})`;
  };
  const size = options.withSizes
    ? "CASE WHEN c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT') THEN pg_catalog.pg_total_relation_size(c.oid)" +
      " ELSE c.relpages::bigint * current_setting('block_size')::bigint END"
    : "c.relpages::bigint * current_setting('block_size')::bigint";
  const rows = await session.query<RelationRow>(
    `
SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       c.relpersistence::text AS persistence,
       CASE WHEN c.relkind IN ('r', 'm') THEN ${size} ELSE 0 END::text AS total_bytes,
       has_table_privilege(c.oid, 'SELECT') AS may_select,
       has_schema_privilege(n.oid, 'USAGE') AS may_use_schema,
       CASE WHEN c.relkind IN ('r', 'p') THEN row_security_active(c.oid) ELSE false END AS row_security,
       e.extname AS extension,
       coalesce(c.oid = ANY (e.extconfig), false) AS configuration,
       (SELECT o.refobjid::text FROM pg_catalog.pg_depend o
         WHERE c.relkind = 'S' AND o.classid = 'pg_catalog.pg_class'::regclass AND o.objid = c.oid AND o.objsubid = 0
           AND o.refclassid = 'pg_catalog.pg_class'::regclass AND o.deptype IN ('a', 'i')) AS owner_oid,
       ${matches(patterns.schemas, "schema")} AS in_schemas,
       ${matches(patterns.excludeSchemas, "schema")} AS out_schemas,
       ${matches(patterns.tables, "table")} AS in_tables,
       ${matches(patterns.excludeTables, "table")} AS out_tables,
       ${matches(patterns.excludeTableData, "table")} AS out_data
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
   AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
  LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND NOT ${INTERNAL_SCHEMAS_SQL}
 ORDER BY n.nspname, c.relname`,
    parameters,
  );
  const byOid = new Map(rows.map((row) => [row.oid, row]));
  return rows.map((row) => {
    const owner = row.owner_oid === null ? undefined : byOid.get(row.owner_oid);
    // An owned sequence is dumped with its table, or not at all (PostgreSQL: `getOwnedSeqs`).
    return relationOf(row, isSelected(owner ?? row, patterns));
  });
}

function relationOf(row: RelationRow, selected: boolean): Relation {
  const unreadableReason = !row.may_use_schema
    ? "no USAGE on its schema"
    : !row.may_select
    ? "no SELECT"
    : row.row_security
    ? "row-level security hides rows from this role"
    : null;
  return {
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    kind: KINDS[row.kind] ?? "table",
    unlogged: row.persistence === "u",
    totalBytes: Number(row.total_bytes),
    readable: unreadableReason === null,
    unreadableReason,
    extension: row.extension,
    extensionConfiguration: row.configuration,
    selected,
    dataSelected: selected && !row.out_data,
  };
}

/** PostgreSQL: `selectDumpableTable` and `selectDumpableNamespace`: with `--table`, schema patterns do not count. */
function isSelected(row: RelationRow, patterns: RelationPatterns): boolean {
  const included = patterns.tables.length > 0
    ? row.in_tables
    : !row.out_schemas && (patterns.schemas.length === 0 || row.in_schemas);
  return included && !row.out_tables;
}

/** Whether the patterns choose at all: without any, everything is backed up. */
export function hasPatterns(patterns: RelationPatterns): boolean {
  return [patterns.schemas, patterns.excludeSchemas, patterns.tables, patterns.excludeTables]
    .some((list) => list.length > 0);
}
