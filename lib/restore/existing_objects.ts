import type { TocEntry } from "../archive/mod.ts";
import { quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { quotedName } from "./entry_names.ts";

/** How an object of a kind is looked up by its name as pg_dump writes it; the result is not null when it is there. */
const LOOKUPS: Readonly<Record<string, string>> = {
  COLLATION: "pg_catalog.to_regcollation(n.name)",
  DOMAIN: "pg_catalog.to_regtype(n.name)",
  "FOREIGN TABLE": "pg_catalog.to_regclass(n.name)",
  INDEX: "pg_catalog.to_regclass(n.name)",
  "MATERIALIZED VIEW": "pg_catalog.to_regclass(n.name)",
  SCHEMA: "pg_catalog.to_regnamespace(n.name)",
  SEQUENCE: "pg_catalog.to_regclass(n.name)",
  "SHELL TYPE": "pg_catalog.to_regtype(n.name)",
  TABLE: "pg_catalog.to_regclass(n.name)",
  TYPE: "pg_catalog.to_regtype(n.name)",
  VIEW: "pg_catalog.to_regclass(n.name)",
};

/** A routine with its arguments' types, as pg_dump's tag has it. The session's search path is empty, as pg_dump's is. */
const ROUTINE = `EXISTS (
  SELECT FROM pg_catalog.pg_proc AS c
  WHERE c.pronamespace = (SELECT s.oid FROM pg_catalog.pg_namespace AS s WHERE s.nspname = n.schema)
    AND n.tag = c.proname || '(' || CASE WHEN c.prokind = 'a' AND c.pronargs = 0 THEN '*' ELSE pg_catalog.array_to_string(
      ARRAY(SELECT pg_catalog.format_type(a.type, NULL)
        FROM pg_catalog.unnest(c.proargtypes) WITH ORDINALITY AS a (type, place) ORDER BY a.place), ', ') END || ')')`;

/**
 * Kinds that are told apart by types. `to_regprocedure` and `to_regoperator` do not do: they take no names of arguments,
 * which pg_dump's DROP statement has, and before version 16 they fail where a type is missing. The tag of an operator has
 * no types, the DROP statement has.
 */
const BY_TYPES: Readonly<Record<string, string>> = {
  AGGREGATE: ROUTINE,
  FUNCTION: ROUTINE,
  PROCEDURE: ROUTINE,
  OPERATOR: `EXISTS (
    SELECT FROM pg_catalog.pg_operator AS c, pg_catalog.concat('.', c.oprname, ' (',
      CASE c.oprleft WHEN 0 THEN 'NONE' ELSE pg_catalog.format_type(c.oprleft, NULL) END, ', ',
      CASE c.oprright WHEN 0 THEN 'NONE' ELSE pg_catalog.format_type(c.oprright, NULL) END, ')') AS signature
    WHERE c.oprnamespace = (SELECT s.oid FROM pg_catalog.pg_namespace AS s WHERE s.nspname = n.schema)
      AND c.oprname = n.tag AND pg_catalog.right(n.name, pg_catalog.length(signature)) = signature)`,
};

/** Kinds that are named with their table, in pg_dump's tag: `orders orders_pkey`. */
const OF_TABLES: Readonly<Record<string, readonly [catalog: string, name: string, table: string]>> = {
  "FK CONSTRAINT": ["pg_constraint", "conname", "conrelid"],
  POLICY: ["pg_policy", "polname", "polrelid"],
};

/** Kinds without a `to_reg…`: catalog, name column and, where they stand in schemas, schema column. */
const CATALOGS: Readonly<Record<string, readonly [catalog: string, name: string, schema: string | null]>> = {
  EXTENSION: ["pg_extension", "extname", null],
  "EVENT TRIGGER": ["pg_event_trigger", "evtname", null],
  "FOREIGN DATA WRAPPER": ["pg_foreign_data_wrapper", "fdwname", null],
  "PROCEDURAL LANGUAGE": ["pg_language", "lanname", null],
  PUBLICATION: ["pg_publication", "pubname", null],
  SERVER: ["pg_foreign_server", "srvname", null],
  STATISTICS: ["pg_statistic_ext", "stxname", "stxnamespace"],
  "OPERATOR CLASS": ["pg_opclass", "opcname", "opcnamespace"],
  "OPERATOR FAMILY": ["pg_opfamily", "opfname", "opfnamespace"],
  CONVERSION: ["pg_conversion", "conname", "connamespace"],
  "TEXT SEARCH CONFIGURATION": ["pg_ts_config", "cfgname", "cfgnamespace"],
  "TEXT SEARCH DICTIONARY": ["pg_ts_dict", "dictname", "dictnamespace"],
  "TEXT SEARCH PARSER": ["pg_ts_parser", "prsname", "prsnamespace"],
  "TEXT SEARCH TEMPLATE": ["pg_ts_template", "tmplname", "tmplnamespace"],
};

/** dumpIds of those entries whose object is in the target. Kinds that have no name of their own are never found. */
export async function findExisting(session: Session, entries: readonly TocEntry[]): Promise<Set<number>> {
  const found = new Set<number>();
  const byKind = Map.groupBy(entries, ({ desc }) => desc);
  for (const [kind, group] of byKind) {
    const rows = await lookUp(session, kind, group);
    for (const row of rows) found.add(Number(row.id));
  }
  return found;
}

async function lookUp(session: Session, kind: string, group: readonly TocEntry[]): Promise<{ id: string }[]> {
  const lookup = LOOKUPS[kind];
  const condition = lookup === undefined ? BY_TYPES[kind] : `${lookup} IS NOT NULL`;
  if (condition !== undefined) {
    const named = group.flatMap((entry) => {
      const name = quotedName(entry) ?? plainName(entry);
      return name === null ? [] : [{ id: String(entry.dumpId), name, schema: entry.namespace, tag: entry.tag }];
    });
    return await session.query<{ id: string }>(
      `SELECT n.id FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.text[], $4::pg_catalog.text[])
         AS n (id, name, schema, tag) WHERE ${condition}`,
      [
        named.map(({ id }) => id),
        named.map(({ name }) => name),
        named.map(({ schema }) => schema),
        named.map(({ tag }) => tag),
      ],
    );
  }
  const ofTable = OF_TABLES[kind];
  if (ofTable !== undefined) {
    const [table, name, relation] = ofTable;
    return await session.query<{ id: string }>(
      `SELECT n.id FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.text[]) AS n (id, tag, schema)
       WHERE EXISTS (SELECT FROM pg_catalog.${table} AS c JOIN pg_catalog.pg_class AS r ON r.oid = c.${relation}
         JOIN pg_catalog.pg_namespace AS s ON s.oid = r.relnamespace
         WHERE s.nspname = n.schema AND pg_catalog.concat(r.relname, ' ', c.${name}) = n.tag)`,
      [group.map(({ dumpId }) => String(dumpId)), group.map(({ tag }) => tag), group.map(({ namespace }) => namespace)],
    );
  }
  const catalog = CATALOGS[kind];
  if (catalog === undefined) return [];
  const [table, column, schema] = catalog;
  const inSchema = schema === null
    ? "true"
    : `c.${schema} = (SELECT s.oid FROM pg_catalog.pg_namespace AS s WHERE s.nspname = n.schema)`;
  return await session.query<{ id: string }>(
    `SELECT n.id FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.text[]) AS n (id, name, schema)
     WHERE EXISTS (SELECT FROM pg_catalog.${table} AS c WHERE c.${column} = n.name AND ${inSchema})`,
    [group.map(({ dumpId }) => String(dumpId)), group.map(({ tag }) => tag), group.map(({ namespace }) => namespace)],
  );
}

/** A default `public` has no DROP statement. */
function plainName(entry: TocEntry): string | null {
  return entry.desc === "SCHEMA" && entry.tag !== null ? quoteIdentifier(entry.tag) : null;
}
