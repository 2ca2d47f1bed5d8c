import type { Session } from "../connection/mod.ts";
import { INTERNAL_SCHEMAS_SQL } from "./relations.ts";

/** Owner and access list of an object. */
export interface Privilege {
  /** `schema`, `table`, `view`, `sequence`, `column`, `function`, `type`, `default`, `database`, … */
  readonly kind: string;
  /** Qualified name. */
  readonly object: string;
  readonly owner: string;
  /** The access list as PostgreSQL prints it, sorted; null is the built-in default. */
  readonly acl: readonly string[] | null;
}

const SORTED = (column: string) =>
  `CASE WHEN ${column} IS NULL THEN NULL ELSE ARRAY(SELECT a::text FROM unnest(${column}) a ORDER BY a::text COLLATE "C") END`;

/**
 * Owners and access lists of all objects that have them, outside PostgreSQL's own schemas: what a restore is
 * compared with, since default privileges can silently widen access.
 */
export async function readPrivileges(session: Session): Promise<Privilege[]> {
  return await session.query<Privilege>(`
SELECT 'database' AS kind, d.datname::text AS object, pg_get_userbyid(d.datdba)::text AS owner, ${
    SORTED("d.datacl")
  } AS acl
  FROM pg_catalog.pg_database d WHERE d.datname = current_database()
UNION ALL
SELECT 'schema', n.nspname, pg_get_userbyid(n.nspowner), ${SORTED("n.nspacl")}
  FROM pg_catalog.pg_namespace n WHERE NOT ${INTERNAL_SCHEMAS_SQL}
UNION ALL
SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
                      WHEN 'm' THEN 'materialized view' ELSE 'sequence' END,
       format('%I.%I', n.nspname, c.relname), pg_get_userbyid(c.relowner), ${SORTED("c.relacl")}
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND NOT ${INTERNAL_SCHEMAS_SQL}
UNION ALL
SELECT 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname), pg_get_userbyid(c.relowner), ${SORTED("a.attacl")}
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND NOT ${INTERNAL_SCHEMAS_SQL}
UNION ALL
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
       pg_get_userbyid(p.proowner), ${SORTED("p.proacl")}
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE NOT ${INTERNAL_SCHEMAS_SQL}
UNION ALL
SELECT 'type', format('%I.%I', n.nspname, t.typname), pg_get_userbyid(t.typowner), ${SORTED("t.typacl")}
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
 WHERE NOT ${INTERNAL_SCHEMAS_SQL} AND (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')
UNION ALL
SELECT 'foreign data wrapper', w.fdwname, pg_get_userbyid(w.fdwowner), ${SORTED("w.fdwacl")}
  FROM pg_catalog.pg_foreign_data_wrapper w
UNION ALL
SELECT 'server', s.srvname, pg_get_userbyid(s.srvowner), ${SORTED("s.srvacl")} FROM pg_catalog.pg_foreign_server s
UNION ALL
SELECT 'default', format('%s of %I%s', CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
         WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE d.defaclobjtype::text END,
         pg_get_userbyid(d.defaclrole), CASE WHEN n.oid IS NULL THEN '' ELSE format(' in %I', n.nspname) END),
       pg_get_userbyid(d.defaclrole), ${SORTED("d.defaclacl")}
  FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
 ORDER BY 1, 2`);
}
