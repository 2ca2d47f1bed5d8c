import { PgstrataError } from "../base/mod.ts";
import { maskedTarget, type Session, type Target } from "../connection/mod.ts";

/** Relations, functions and types that users made, and schemas but `public`; members of extensions do not count. */
const USER_OBJECTS = `
WITH objects AS (
  SELECT 'pg_catalog.pg_class'::regclass AS class, c.oid, c.relnamespace AS namespace, c.relname::text AS name
    FROM pg_catalog.pg_class c
  UNION ALL
  SELECT 'pg_catalog.pg_proc'::regclass, p.oid, p.pronamespace, p.proname::text FROM pg_catalog.pg_proc p
  UNION ALL
  SELECT 'pg_catalog.pg_type'::regclass, t.oid, t.typnamespace, t.typname::text FROM pg_catalog.pg_type t
)
SELECT pg_catalog.format('%I.%I', n.nspname, o.name) AS name
  FROM objects o JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                    WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype IN ('e', 'i'))
UNION ALL
SELECT pg_catalog.format('schema %I', n.nspname) FROM pg_catalog.pg_namespace n
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
LIMIT 4`;

/**
 * Refuses a database that holds anything of somebody's.
 *
 * @throws {PgstrataError} code `refused`, naming some of what is there
 */
export async function refuseNonEmpty(session: Session, target: Target): Promise<void> {
  const rows = await session.query<{ name: string }>(USER_OBJECTS);
  if (rows.length === 0) return;
  const names = rows.slice(0, 3).map(({ name }) => name).join(", ");
  throw new PgstrataError(`Cannot drill into ${maskedTarget(target)}: the database is not empty`, {
    code: "refused",
    context: { found: rows.length > 3 ? `${names}, …` : names },
    hint: "Name a new, empty database with --to, or leave --to out: a disposable server is used then. " +
      "`pgstrata restore` is what puts a backup into a living database.",
  });
}
