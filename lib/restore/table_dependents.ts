import type { TocEntry } from "../archive/mod.ts";
import { PgstrataError, qualifiedName } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { RELATION_WORDS } from "./drops.ts";
import { quotedName } from "./entry_names.ts";
import { DEPENDED_ON } from "./restore_error.ts";
import type { TargetFacts } from "./target_facts.ts";

// As DROP without CASCADE sees it (PostgreSQL: findDependentObjects). Foreign keys of others are dropped and made again.
const DEPENDENTS = `
WITH RECURSIVE gone (classid, objid) AS (
  SELECT 'pg_catalog.pg_class'::regclass::oid, r.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS r (oid)
  UNION
  SELECT d.classid, d.objid FROM gone AS g JOIN pg_catalog.pg_depend AS d ON d.refclassid = g.classid AND d.refobjid = g.objid
  WHERE d.deptype IN ('a', 'i', 'P', 'S')
)
SELECT DISTINCT i.type || ' ' || i.identity AS name
FROM gone AS g JOIN pg_catalog.pg_depend AS d ON d.refclassid = g.classid AND d.refobjid = g.objid AND d.deptype = 'n'
LEFT JOIN pg_catalog.pg_rewrite AS w ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid
CROSS JOIN LATERAL pg_catalog.pg_identify_object(
  CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_catalog.pg_class'::regclass END, coalesce(w.ev_class, d.objid), 0) AS i
WHERE NOT EXISTS (SELECT FROM gone AS x WHERE x.classid = d.classid AND x.objid = d.objid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS c
    WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND c.oid = d.objid AND c.contype = 'f')
ORDER BY 1`;

/**
 * Refuses to replace tables that something else needs: before anybody is asked, and before the safety backup.
 *
 * @throws {PgstrataError} code `refused`
 */
export async function refuseDependents(
  session: Session,
  { relations }: TargetFacts,
  entries: readonly TocEntry[],
): Promise<void> {
  const names = new Set(entries.filter(({ desc }) => RELATION_WORDS.has(desc)).map(quotedName));
  const oids = relations.filter(({ schema, name }) => names.has(qualifiedName(schema, name))).map(({ oid }) => oid);
  if (oids.length === 0) return;
  const found = (await session.query<{ name: string }>(DEPENDENTS, [oids])).map(({ name }) => name);
  if (found.length === 0) return;
  throw new PgstrataError(`Cannot restore: ${DEPENDED_ON.state}`, {
    code: "refused",
    context: {
      dependents: `${found.slice(0, 8).join(", ")}${found.length > 8 ? ` and ${found.length - 8} more` : ""}`,
    },
    hint: DEPENDED_ON.hint,
  });
}
