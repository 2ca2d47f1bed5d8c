import type { TocEntry } from "../archive/mod.ts";
import { quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { quotedName } from "./entry_names.ts";

/** How an object of a kind is looked up by its name as pg_dump writes it; the result is not null when it is there. */
const LOOKUPS: Readonly<Record<string, string>> = {
  AGGREGATE: "pg_catalog.to_regprocedure(n.name)",
  COLLATION: "pg_catalog.to_regcollation(n.name)",
  DOMAIN: "pg_catalog.to_regtype(n.name)",
  "FOREIGN TABLE": "pg_catalog.to_regclass(n.name)",
  FUNCTION: "pg_catalog.to_regprocedure(n.name)",
  INDEX: "pg_catalog.to_regclass(n.name)",
  "MATERIALIZED VIEW": "pg_catalog.to_regclass(n.name)",
  OPERATOR: "pg_catalog.to_regoperator(n.name)",
  PROCEDURE: "pg_catalog.to_regprocedure(n.name)",
  SCHEMA: "pg_catalog.to_regnamespace(n.name)",
  SEQUENCE: "pg_catalog.to_regclass(n.name)",
  "SHELL TYPE": "pg_catalog.to_regtype(n.name)",
  TABLE: "pg_catalog.to_regclass(n.name)",
  TYPE: "pg_catalog.to_regtype(n.name)",
  VIEW: "pg_catalog.to_regclass(n.name)",
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
  if (lookup !== undefined) {
    const named = group.flatMap((entry) => {
      const name = quotedName(entry) ?? plainName(entry);
      return name === null ? [] : [{ id: String(entry.dumpId), name }];
    });
    return await session.query<{ id: string }>(
      `SELECT n.id FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) AS n (id, name) WHERE ${lookup} IS NOT NULL`,
      [named.map(({ id }) => id), named.map(({ name }) => name)],
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
