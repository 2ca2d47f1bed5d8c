import { quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** Statements that set this role's default privileges aside and bring them back. */
export interface DefaultPrivileges {
  readonly aside: string;
  readonly back: string;
}

interface DefaultRow {
  readonly type: string;
  readonly schema: string | null;
  /** `PUBLIC` is null. */
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  r: "TABLES",
  S: "SEQUENCES",
  f: "FUNCTIONS",
  T: "TYPES",
  n: "SCHEMAS",
  L: "LARGE OBJECTS",
};

/** What everybody may do with a new object by PostgreSQL's own rules (`acldefault` in src/backend/utils/adt/acl.c). */
const BUILT_IN: Readonly<Record<string, string>> = { f: "EXECUTE", T: "USAGE" };

const ROWS = `
SELECT d.defaclobjtype::pg_catalog.text AS type, n.nspname AS schema, g.rolname AS grantee, a.privilege_type AS privilege,
  a.is_grantable AS grantable
FROM pg_catalog.pg_default_acl AS d
JOIN pg_catalog.pg_roles AS r ON r.oid = d.defaclrole AND r.rolname = CURRENT_USER
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace
LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) AS a ON true
LEFT JOIN pg_catalog.pg_roles AS g ON g.oid = a.grantee
ORDER BY d.defaclobjtype, n.nspname NULLS FIRST, g.rolname`;

/**
 * An archive's access lists say how an object differs from PostgreSQL's built-in defaults. Default privileges of the
 * target would be added to that and silently widen access (on Supabase: everything for anon). So they are set aside for
 * the transaction that restores; nobody else ever sees them so.
 *
 * @param except schemas that are dropped in it
 */
export async function setAsideDefaultPrivileges(
  session: Session,
  except: ReadonlySet<string>,
): Promise<DefaultPrivileges> {
  const rows = (await session.query<DefaultRow>(ROWS)).filter(({ schema }) => schema === null || !except.has(schema));
  const groups = Map.groupBy(rows, ({ type, schema }) => JSON.stringify([type, schema]));
  const aside: string[] = [];
  const back: string[] = [];
  for (const group of groups.values()) {
    const [{ type, schema }] = group as [DefaultRow, ...DefaultRow[]];
    const objects = TYPES[type];
    if (objects === undefined) continue;
    const start = `ALTER DEFAULT PRIVILEGES${schema === null ? "" : ` IN SCHEMA ${quoteIdentifier(schema)}`}`;
    const grantees = new Set(group.filter(({ privilege }) => privilege !== null).map(({ grantee }) => grantee));
    const builtIn = schema === null ? BUILT_IN[type] : undefined;
    for (const grantee of grantees) aside.push(`${start} REVOKE ALL ON ${objects} FROM ${roleText(grantee)};`);
    if (schema === null) aside.push(`${start} GRANT ALL ON ${objects} TO CURRENT_USER;`);
    if (builtIn !== undefined) aside.push(`${start} GRANT ${builtIn} ON ${objects} TO PUBLIC;`);
    if (builtIn !== undefined && !grantees.has(null)) back.push(`${start} REVOKE ALL ON ${objects} FROM PUBLIC;`);
    for (const { grantee, privilege, grantable } of group) {
      if (privilege === null) continue;
      back.push(
        `${start} GRANT ${privilege} ON ${objects} TO ${roleText(grantee)}${grantable ? " WITH GRANT OPTION" : ""};`,
      );
    }
  }
  return { aside: aside.join("\n"), back: back.join("\n") };
}

function roleText(name: string | null): string {
  return name === null ? "PUBLIC" : quoteIdentifier(name);
}
