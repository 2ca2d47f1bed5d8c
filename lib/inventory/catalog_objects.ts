import type { Session } from "../connection/mod.ts";
import { INTERNAL_SCHEMAS_SQL } from "./relations.ts";

/** An object of the catalog that a dump of the whole database must hold. */
export interface CatalogObject {
  /** OID of the catalog, as in an archive's `tableoid`. */
  readonly classOid: string;
  readonly oid: string;
  /** As PostgreSQL names its type: `index`, `function`, `trigger`, … */
  readonly kind: string;
  /** As PostgreSQL identifies it. */
  readonly identity: string;
  /** Why pg_dump leaves it out; null where it must not. */
  readonly undumpable: string | null;
}

/** The first OID that users' objects get (PostgreSQL: `FirstNormalObjectId`). */
const FIRST_USER_OID = 16384;

/**
 * Each select: catalog, oid, and why pg_dump leaves such an object out (null: it does not).
 * Objects that stand inside another's entry (check constraints, column defaults, view rules) are not listed.
 */
const OBJECTS: readonly string[] = [
  // Indexes of constraints are dumped as the constraint.
  `SELECT 'pg_class'::regclass, c.oid,
          CASE WHEN NOT i.indisvalid AND c.relkind = 'i' THEN 'pg_dump leaves invalid indexes out' END
     FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT ${INTERNAL_SCHEMAS_SQL}
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))
      AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = i.indrelid
                        AND e.deptype = 'e')`,
  `SELECT 'pg_class'::regclass, c.oid, NULL
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm', 'S', 'f') AND NOT ${INTERNAL_SCHEMAS_SQL}`,
  `SELECT 'pg_proc'::regclass, p.oid, NULL FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE NOT ${INTERNAL_SCHEMAS_SQL}
      AND NOT EXISTS (SELECT 1 FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid
                        AND i.deptype = 'i')`,
  `SELECT 'pg_type'::regclass, t.oid, CASE WHEN NOT t.typisdefined THEN 'pg_dump leaves shell types out' END
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE NOT ${INTERNAL_SCHEMAS_SQL}
      AND (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c'
           OR (t.typtype = 'b' AND NOT EXISTS (SELECT 1 FROM pg_type el WHERE el.typarray = t.oid)))`,
  `SELECT 'pg_namespace'::regclass, n.oid, NULL FROM pg_namespace n
    WHERE NOT ${INTERNAL_SCHEMAS_SQL} AND n.oid >= ${FIRST_USER_OID}`,
  `SELECT 'pg_trigger'::regclass, t.oid, NULL
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND NOT ${INTERNAL_SCHEMAS_SQL}
      AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
                        AND e.deptype = 'e')`,
  `SELECT 'pg_policy'::regclass, p.oid, NULL
     FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT ${INTERNAL_SCHEMAS_SQL}
      AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
                        AND e.deptype = 'e')`,
  `SELECT 'pg_constraint'::regclass, k.oid, NULL
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE (k.contype IN ('p', 'u', 'x') OR (k.contype = 'f' AND k.conparentid = 0)) AND NOT ${INTERNAL_SCHEMAS_SQL}
      AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
                        AND e.deptype = 'e')`,
  `SELECT 'pg_rewrite'::regclass, r.oid, NULL
     FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE r.rulename <> '_RETURN' AND NOT ${INTERNAL_SCHEMAS_SQL}
      AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
                        AND e.deptype = 'e')`,
  `SELECT 'pg_statistic_ext'::regclass, s.oid, NULL
     FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE NOT ${INTERNAL_SCHEMAS_SQL}`,
  `SELECT 'pg_collation'::regclass, l.oid, NULL
     FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE NOT ${INTERNAL_SCHEMAS_SQL}`,
  `SELECT 'pg_conversion'::regclass, v.oid, NULL
     FROM pg_conversion v JOIN pg_namespace n ON n.oid = v.connamespace WHERE NOT ${INTERNAL_SCHEMAS_SQL}`,
  `SELECT 'pg_operator'::regclass, o.oid, CASE WHEN o.oprcode = 0 THEN 'pg_dump leaves shell operators out' END
     FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE NOT ${INTERNAL_SCHEMAS_SQL}`,
  `SELECT 'pg_opclass'::regclass, o.oid, NULL
     FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE NOT ${INTERNAL_SCHEMAS_SQL}`,
  `SELECT 'pg_ts_config'::regclass, x.oid, NULL
     FROM pg_ts_config x JOIN pg_namespace n ON n.oid = x.cfgnamespace WHERE NOT ${INTERNAL_SCHEMAS_SQL}`,
  `SELECT 'pg_ts_dict'::regclass, x.oid, NULL
     FROM pg_ts_dict x JOIN pg_namespace n ON n.oid = x.dictnamespace WHERE NOT ${INTERNAL_SCHEMAS_SQL}`,
  `SELECT 'pg_extension'::regclass, x.oid, NULL FROM pg_extension x WHERE x.oid >= ${FIRST_USER_OID}`,
  `SELECT 'pg_event_trigger'::regclass, x.oid, NULL FROM pg_event_trigger x`,
  `SELECT 'pg_publication'::regclass, x.oid, NULL FROM pg_publication x`,
  `SELECT 'pg_foreign_data_wrapper'::regclass, x.oid, NULL
     FROM pg_foreign_data_wrapper x WHERE x.oid >= ${FIRST_USER_OID}`,
  `SELECT 'pg_foreign_server'::regclass, x.oid, NULL FROM pg_foreign_server x`,
  `SELECT 'pg_cast'::regclass, x.oid, NULL FROM pg_cast x WHERE x.oid >= ${FIRST_USER_OID}
      AND NOT EXISTS (SELECT 1 FROM pg_range r WHERE r.rngtypid = x.castsource)`,
];

/**
 * The objects, tables apart, that a dump of the whole database must hold, without members of extensions.
 * They are identified as in an archive, so that the two can be compared.
 */
export async function readCatalogObjects(session: Session): Promise<CatalogObject[]> {
  return await session.query<CatalogObject>(`
WITH objects (classid, oid, undumpable) AS (${OBJECTS.join("\nUNION ALL\n")})
SELECT o.classid::oid::text AS "classOid", o.oid::text AS oid, i.type AS kind,
       coalesce(i.identity, '') AS identity, o.undumpable
  FROM objects o, pg_identify_object(o.classid, o.oid, 0) i
 WHERE NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = o.classid AND d.objid = o.oid AND d.objsubid = 0
                     AND d.deptype = 'e')`);
}

/** Large objects this role may not read. pg_dump fails on the first of them. */
export async function countUnreadableLargeObjects(session: Session): Promise<number> {
  const [row] = await session.query<{ count: string }>(`
SELECT count(*)::text AS count
  FROM pg_largeobject_metadata m, pg_roles r
 WHERE r.rolname = current_user AND NOT r.rolsuper AND current_setting('lo_compat_privileges') = 'off'
   AND NOT pg_has_role(m.lomowner, 'USAGE')
   AND NOT EXISTS (SELECT 1 FROM aclexplode(m.lomacl) a WHERE a.privilege_type = 'SELECT'
                     AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))`);
  return Number(row?.count ?? 0);
}

/** Large objects in all, and whether a schema has columns that refer to them (types `oid` and `lo`). */
export async function readLargeObjectUse(
  session: Session,
): Promise<{ readonly count: number; readonly schemas: ReadonlySet<string> }> {
  const rows = await session.query<{ schema: string | null; count: string }>(`
SELECT NULL AS schema, count(*)::text AS count FROM pg_largeobject_metadata
UNION ALL
SELECT DISTINCT n.nspname, '0'
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid
 WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND NOT ${INTERNAL_SCHEMAS_SQL}
   AND (t.oid = 'pg_catalog.oid'::regtype OR (t.typname = 'lo' AND t.typtype = 'd'))`);
  const schemas = new Set(rows.flatMap((row) => row.schema === null ? [] : [row.schema]));
  return { count: Number(rows.find((row) => row.schema === null)?.count ?? 0), schemas };
}
