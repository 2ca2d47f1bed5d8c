/**
 * Key words that PostgreSQL's `quote_identifier` quotes: every one that is not unreserved in any
 * of the versions 13 to 18 (src/include/parser/kwlist.h). One too many is harmless.
 */
const QUOTED_KEYWORDS: ReadonlySet<string> = new Set(
  ("all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean " +
    "both case cast char character check coalesce collate collation column concurrently constraint create " +
    "cross current_catalog current_date current_role current_schema current_time current_timestamp " +
    "current_user dec decimal default deferrable desc distinct do else end except exists extract false " +
    "fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner " +
    "inout int integer intersect interval into is isnull join json json_array json_arrayagg json_exists " +
    "json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading " +
    "least left like limit localtime localtimestamp merge_action national natural nchar none normalize not " +
    "notnull null nullif numeric offset on only or order out outer overlaps overlay placing position " +
    "precision primary real references returning right row select session_user setof similar smallint some " +
    "substring symmetric system_user table tablesample then time timestamp to trailing treat trim true union " +
    "unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat " +
    "xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable").split(" "),
);

/**
 * A name as an SQL identifier, quoted where PostgreSQL's own `fmtId` would quote it
 * (src/fe_utils/string_utils.c).
 *
 * @example
 * ```ts
 * import { quoteIdentifier } from "./identifier.ts";
 * console.assert(quoteIdentifier("orders") === "orders");
 * console.assert(quoteIdentifier('Or"ders') === '"Or""ders"');
 * ```
 */
export function quoteIdentifier(name: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(name) && !QUOTED_KEYWORDS.has(name)) return name;
  return `"${name.replaceAll('"', '""')}"`;
}

/** `schema.name`, both quoted where needed. */
export function qualifiedName(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** A value as an SQL string literal, safe whatever `standard_conforming_strings` says. */
export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
