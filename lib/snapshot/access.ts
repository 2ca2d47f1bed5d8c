import { PgstrataError, quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** Which roles besides the owner may use the installation, and how that changes. */
export interface AccessChange {
  readonly grant: readonly string[];
  readonly revoke: readonly string[];
}

const CREATORS = ["(text, text)", "(text, text, text)", "(text, text, text, text)"]
  .map((types) => `backup.create_table_backup${types}`);

/** What a granted role gets, besides SELECT on each copy. */
const GRANTS: readonly (readonly [privilege: string, object: string])[] = [
  ["USAGE", "SCHEMA backup"],
  ["SELECT", "TABLE backup.backup_metadata"],
  ["SELECT", "TABLE backup.backup_inventory"],
  ["SELECT", "TABLE public.backup_inventory_view"],
  ["EXECUTE", "FUNCTION public.get_backup_tables()"],
  ...CREATORS.map((name) => ["EXECUTE", `FUNCTION ${name}`] as const),
];

/** Takes everything from everybody but the owner, whatever default privileges gave, then gives what was asked for. */
export async function settleAccess(session: Session, change: AccessChange): Promise<readonly string[]> {
  await checkRoles(session, change.grant);
  for (const role of change.revoke) {
    await session.query("DELETE FROM backup.granted_roles WHERE role_name = $1", [role]);
  }
  for (const role of change.grant) {
    await session.query("INSERT INTO backup.granted_roles (role_name) VALUES ($1) ON CONFLICT DO NOTHING", [role]);
  }
  await session.execute(REVOKE_EVERYTHING);
  const granted = await grantedRoles(session);
  if (granted.length > 0) {
    const roles = granted.map(quoteIdentifier).join(", ");
    await session.execute(
      GRANTS.map(([privilege, object]) => `GRANT ${privilege} ON ${object} TO ${roles};`).join("\n"),
    );
  }
  await session.execute(REOPEN);
  return granted;
}

/** Roles that may make copies and read every copy. */
export async function grantedRoles(session: Session): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT g.role_name AS name FROM backup.granted_roles g JOIN pg_catalog.pg_roles r ON r.rolname::text = g.role_name
      ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function checkRoles(session: Session, roles: readonly string[]): Promise<void> {
  const rows = await session.query<{ name: string }>(
    `SELECT w.name FROM pg_catalog.unnest($1::text[]) AS w (name)
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname::text = w.name)`,
    [[...roles]],
  );
  if (rows.length === 0) return;
  throw new PgstrataError(`Cannot grant access: there is no role ${rows.map(({ name }) => `"${name}"`).join(", ")}`, {
    code: "usage",
    hint: "Name roles as pg_roles has them, separated by commas.",
  });
}

const REVOKE_EVERYTHING = `DO $body$
DECLARE
  v_object record;
BEGIN
  FOR v_object IN
    SELECT 'SCHEMA' AS kind, pg_catalog.quote_ident(n.nspname) AS name, n.nspacl AS acl, n.nspowner AS owner
      FROM pg_catalog.pg_namespace n WHERE n.nspname = 'backup'
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relacl, c.relowner
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'S')
       AND (n.nspname = 'backup' OR (n.nspname = 'public' AND c.relname = 'backup_inventory_view'))
    UNION ALL
    SELECT 'FUNCTION', p.oid::pg_catalog.regprocedure::text, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)), p.proowner
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = 'backup' OR (n.nspname = 'public' AND p.proname = 'get_backup_tables' AND p.pronargs = 0)
  LOOP
    PERFORM backup.revoke_all(v_object.kind, v_object.name, v_object.acl, v_object.owner);
  END LOOP;
END
$body$`;

const REOPEN = `DO $body$
DECLARE
  v_table oid;
BEGIN
  FOR v_table IN
    SELECT 'backup.backup_metadata'::pg_catalog.regclass::oid
    UNION ALL
    SELECT c.oid FROM pg_catalog.pg_class c JOIN backup.backup_metadata m ON m.backup_table = c.relname::text
     WHERE c.relnamespace = 'backup'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p')
  LOOP
    PERFORM backup.open_to_granted(v_table);
  END LOOP;
END
$body$`;
