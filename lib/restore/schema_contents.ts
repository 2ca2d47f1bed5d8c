import type { Session } from "../connection/mod.ts";

/** Something in a schema that is dropped with it. */
export interface SchemaObject {
  readonly schema: string;
  /** `TABLE`, `FUNCTION` …: the word DROP takes. */
  readonly kind: string;
  /** Qualified and quoted, as DROP takes it. */
  readonly name: string;
}

// Members of extensions stay with their extension; what belongs to a table (owned sequences, row types) goes with it.
const CONTENTS = `
WITH s AS (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1::pg_catalog.text[])),
objects (classid, oid, namespace, kind, name) AS (
  SELECT 'pg_catalog.pg_class'::regclass, c.oid, c.relnamespace,
    CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
      ELSE 'TABLE' END,
    pg_catalog.format('%I.%I', s.nspname, c.relname)
  FROM pg_catalog.pg_class AS c JOIN s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL
  SELECT 'pg_catalog.pg_proc'::regclass, p.oid, p.pronamespace,
    CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
    pg_catalog.format('%I.%I(%s)', s.nspname, p.proname, CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*'
      ELSE pg_catalog.pg_get_function_identity_arguments(p.oid) END)
  FROM pg_catalog.pg_proc AS p JOIN s ON s.oid = p.pronamespace
  UNION ALL
  SELECT 'pg_catalog.pg_type'::regclass, t.oid, t.typnamespace, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END,
    pg_catalog.format('%I.%I', s.nspname, t.typname)
  FROM pg_catalog.pg_type AS t JOIN s ON s.oid = t.typnamespace
  WHERE t.typcategory <> 'A' AND t.typtype <> 'm' AND (t.typrelid = 0
    OR EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
  UNION ALL
  SELECT 'pg_catalog.pg_collation'::regclass, c.oid, c.collnamespace, 'COLLATION', pg_catalog.format('%I.%I', s.nspname, c.collname)
  FROM pg_catalog.pg_collation AS c JOIN s ON s.oid = c.collnamespace
  UNION ALL
  SELECT 'pg_catalog.pg_conversion'::regclass, c.oid, c.connamespace, 'CONVERSION', pg_catalog.format('%I.%I', s.nspname, c.conname)
  FROM pg_catalog.pg_conversion AS c JOIN s ON s.oid = c.connamespace
  UNION ALL
  SELECT 'pg_catalog.pg_opfamily'::regclass, o.oid, o.opfnamespace, 'OPERATOR FAMILY',
    pg_catalog.format('%I.%I USING %I', s.nspname, o.opfname, a.amname)
  FROM pg_catalog.pg_opfamily AS o JOIN s ON s.oid = o.opfnamespace JOIN pg_catalog.pg_am AS a ON a.oid = o.opfmethod
  UNION ALL
  SELECT 'pg_catalog.pg_operator'::regclass, o.oid, o.oprnamespace, 'OPERATOR',
    pg_catalog.format('%I.%s (%s, %s)', s.nspname, o.oprname, COALESCE(NULLIF(o.oprleft, 0)::regtype::pg_catalog.text, 'NONE'),
      COALESCE(NULLIF(o.oprright, 0)::regtype::pg_catalog.text, 'NONE'))
  FROM pg_catalog.pg_operator AS o JOIN s ON s.oid = o.oprnamespace
  UNION ALL
  SELECT 'pg_catalog.pg_ts_config'::regclass, c.oid, c.cfgnamespace, 'TEXT SEARCH CONFIGURATION',
    pg_catalog.format('%I.%I', s.nspname, c.cfgname)
  FROM pg_catalog.pg_ts_config AS c JOIN s ON s.oid = c.cfgnamespace
  UNION ALL
  SELECT 'pg_catalog.pg_ts_dict'::regclass, c.oid, c.dictnamespace, 'TEXT SEARCH DICTIONARY',
    pg_catalog.format('%I.%I', s.nspname, c.dictname)
  FROM pg_catalog.pg_ts_dict AS c JOIN s ON s.oid = c.dictnamespace
  UNION ALL
  SELECT 'pg_catalog.pg_statistic_ext'::regclass, x.oid, x.stxnamespace, 'STATISTICS',
    pg_catalog.format('%I.%I', s.nspname, x.stxname)
  FROM pg_catalog.pg_statistic_ext AS x JOIN s ON s.oid = x.stxnamespace
)
SELECT s.nspname AS schema, o.kind, o.name FROM objects AS o JOIN s ON s.oid = o.namespace
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = o.classid AND d.objid = o.oid AND d.objsubid = 0
  AND (d.deptype IN ('e', 'i') OR (d.deptype = 'a' AND o.kind = 'SEQUENCE'
    AND d.refclassid = 'pg_catalog.pg_class'::regclass)))
ORDER BY s.nspname, o.kind, o.name`;

/** What users put into schemas, except members of extensions and what belongs to another of these objects. */
export async function readSchemaContents(session: Session, schemas: readonly string[]): Promise<SchemaObject[]> {
  return await session.query<SchemaObject>(CONTENTS, [schemas]);
}

const WITH_EXTENSIONS = `
SELECT n.nspname AS name FROM pg_catalog.pg_namespace AS n WHERE n.nspname = ANY ($1::pg_catalog.text[])
  AND (EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE e.extnamespace = n.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_depend AS d
      WHERE d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
    OR EXISTS (SELECT FROM pg_catalog.pg_depend AS i JOIN pg_catalog.pg_depend AS d
        ON d.classid = i.classid AND d.objid = i.objid AND d.deptype = 'e'
      WHERE i.refclassid = 'pg_catalog.pg_namespace'::regclass AND i.refobjid = n.oid))`;

/** Schemas that hold members of extensions, or belong to one: dropping them would drop the extension. */
export async function schemasOfExtensions(session: Session, schemas: readonly string[]): Promise<Set<string>> {
  const rows = await session.query<{ name: string }>(WITH_EXTENSIONS, [schemas]);
  return new Set(rows.map(({ name }) => name));
}

// A view is found through its rule, whose internal dependency leads back to it. Whatever goes of an extension takes the
// whole extension with it.
const CASCADE = `
WITH RECURSIVE s AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1::pg_catalog.text[])),
gone (classid, objid) AS (
  SELECT d.classid, d.objid FROM s JOIN pg_catalog.pg_depend AS d
    ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = s.oid AND d.deptype = 'n'
  WHERE d.classid <> 'pg_catalog.pg_extension'::regclass AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS e
    WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
  UNION SELECT 'pg_catalog.pg_cast'::regclass::oid, oid FROM pg_catalog.pg_cast WHERE $2 AND oid >= 16384
  UNION SELECT 'pg_catalog.pg_transform'::regclass::oid, oid FROM pg_catalog.pg_transform WHERE $2 AND oid >= 16384
  UNION SELECT 'pg_catalog.pg_language'::regclass::oid, oid FROM pg_catalog.pg_language WHERE $2 AND oid >= 16384
  UNION
  SELECT x.classid, x.objid FROM gone AS g CROSS JOIN LATERAL (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d
    WHERE d.refclassid = g.classid AND d.refobjid = g.objid AND d.deptype IN ('n', 'a', 'i', 'P', 'S', 'e')
    UNION ALL
    SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend AS d
    WHERE d.classid = g.classid AND d.objid = g.objid AND d.deptype IN ('i', 'e')) AS x
)
SELECT DISTINCT i.type AS kind, i.identity AS name
FROM gone AS g CROSS JOIN LATERAL pg_catalog.pg_identify_object(g.classid, g.objid, 0) AS i
WHERE (i.schema IS NULL OR NOT i.schema = ANY ($1::pg_catalog.text[]))
  AND i.type IN ('table', 'view', 'materialized view', 'function', 'procedure', 'table constraint', 'policy', 'trigger', 'type',
    'event trigger', 'extension')
  AND i.identity !~ '^"RI_ConstraintTrigger_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS t WHERE g.classid = 'pg_catalog.pg_type'::regclass AND t.oid = g.objid
    AND (t.typrelid <> 0 OR t.typcategory = 'A'))
  AND NOT EXISTS (SELECT FROM pg_catalog.unnest($1::pg_catalog.text[]) AS n (name)
    WHERE pg_catalog.strpos(i.identity, ' on ' || pg_catalog.quote_ident(n.name) || '.') > 0)
ORDER BY 1, 2`;

/** Something that goes with what is dropped. */
export interface Cascaded {
  /** As PostgreSQL names it: `view`, `table constraint`, `extension` … */
  readonly kind: string;
  readonly name: string;
}

/**
 * What outside of schemas would go with them (`DROP … CASCADE`).
 *
 * @param globals whether casts, transforms and languages go, too
 */
export async function readCascade(session: Session, schemas: readonly string[], globals: boolean): Promise<Cascaded[]> {
  return await session.query<Cascaded>(CASCADE, [schemas, globals]);
}
