import type { Session } from "../connection/mod.ts";
import type { Privilege } from "./privileges.ts";

/** Members of extensions among what `readPrivileges` gives, named as it names them. */
export async function readExtensionObjects(session: Session): Promise<Pick<Privilege, "kind" | "object">[]> {
  return await session.query<Pick<Privilege, "kind" | "object">>(`
WITH members AS (SELECT classid, objid FROM pg_catalog.pg_depend
  WHERE deptype = 'e' AND refclassid = 'pg_catalog.pg_extension'::regclass AND objsubid = 0)
SELECT 'schema' AS kind, n.nspname::text AS object
  FROM members m JOIN pg_catalog.pg_namespace n ON n.oid = m.objid WHERE m.classid = 'pg_catalog.pg_namespace'::regclass
UNION ALL
SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
                      WHEN 'm' THEN 'materialized view' ELSE 'sequence' END, format('%I.%I', n.nspname, c.relname)
  FROM members m JOIN pg_catalog.pg_class c ON c.oid = m.objid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE m.classid = 'pg_catalog.pg_class'::regclass
UNION ALL
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
  FROM members m JOIN pg_catalog.pg_proc p ON p.oid = m.objid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE m.classid = 'pg_catalog.pg_proc'::regclass
UNION ALL
SELECT 'type', format('%I.%I', n.nspname, t.typname)
  FROM members m JOIN pg_catalog.pg_type t ON t.oid = m.objid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE m.classid = 'pg_catalog.pg_type'::regclass
UNION ALL
SELECT 'foreign data wrapper', w.fdwname
  FROM members m JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = m.objid
 WHERE m.classid = 'pg_catalog.pg_foreign_data_wrapper'::regclass`);
}
