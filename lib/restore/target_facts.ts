import { qualifiedName } from "../base/mod.ts";
import { deviatingSettings, QueryError, type Session } from "../connection/mod.ts";
import { readRelations, readServerFacts, type Relation, type ServerFacts } from "../inventory/mod.ts";
import { WRITING } from "./open_writer.ts";

/** The role that restores, and what it may do. */
export interface TargetRole {
  readonly name: string;
  readonly superuser: boolean;
  readonly createDatabase: boolean;
  readonly createRole: boolean;
  /** Roles it can act for, itself included. */
  readonly actsFor: ReadonlySet<string>;
  /** Whether it may set `session_replication_role`. */
  readonly replicaMode: boolean;
  /** Whether it may create schemas in this database. */
  readonly createSchemas: boolean;
}

/** An extension that is installed in the target or can be. */
export interface TargetExtension {
  readonly name: string;
  readonly installed: string | null;
  /** Version that would be installed. */
  readonly available: string | null;
  readonly owner: string | null;
  /** Whether an ordinary role may install it (`trusted`). */
  readonly trusted: boolean;
}

/** A schema of the target. */
export interface TargetSchema {
  readonly name: string;
  readonly owner: string;
  readonly extension: string | null;
}

/** What is in the target's database before anything is changed. */
export interface TargetFacts {
  readonly server: ServerFacts;
  readonly major: number;
  readonly role: TargetRole;
  readonly databaseOwner: string;
  readonly roles: ReadonlySet<string>;
  readonly schemas: ReadonlyMap<string, TargetSchema>;
  readonly relations: readonly Relation[];
  readonly extensions: ReadonlyMap<string, TargetExtension>;
  readonly tablespaces: ReadonlySet<string>;
  readonly publications: ReadonlyMap<string, string>;
  readonly eventTriggers: ReadonlySet<string>;
  readonly subscriptions: ReadonlySet<string>;
  readonly languages: ReadonlySet<string>;
  readonly largeObjects: number;
  /** Routines, types and other objects that users made. */
  readonly otherObjects: number;
  /** Default privileges that apply to what this role creates. */
  readonly ownDefaultPrivileges: number;
  /** Whether it is one of Supabase's, where the platform owns a part and this role is no superuser. */
  readonly supabase: boolean;
  /** Tables of others on which this role may make policies (`supautils.policy_grants`), as `schema.table`. */
  readonly policyTables: ReadonlySet<string>;
  /** Settings that PostgreSQL's programs have to begin with here to be able to write; see `WRITING`. */
  readonly startSettings: Readonly<Record<string, string>>;
  /** Locks one transaction can take at least. */
  readonly lockTable: number;
}

const NO_PATTERNS = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };

const ROLE = `
SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolcreatedb OR r.rolsuper AS create_database,
  r.rolcreaterole OR r.rolsuper AS create_role,
  pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS create_schemas
FROM pg_catalog.pg_roles AS r WHERE r.rolname = CURRENT_USER`;

const ROLES = `
SELECT rolname AS name, pg_catalog.pg_has_role(oid, 'USAGE') AS acts_for FROM pg_catalog.pg_roles`;

const SCHEMAS = `
SELECT n.nspname AS name, pg_catalog.pg_get_userbyid(n.nspowner) AS owner, e.extname AS extension
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid
  AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

const EXTENSIONS = `
SELECT a.name, a.default_version AS available, e.extversion AS installed, pg_catalog.pg_get_userbyid(e.extowner) AS owner,
  COALESCE((SELECT pg_catalog.bool_or(v.trusted OR NOT v.superuser) FROM pg_catalog.pg_available_extension_versions AS v
    WHERE v.name = a.name AND v.version = a.default_version), false) AS trusted
FROM pg_catalog.pg_available_extensions AS a LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = a.name
UNION ALL
SELECT e.extname, NULL, e.extversion, pg_catalog.pg_get_userbyid(e.extowner), false FROM pg_catalog.pg_extension AS e
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS a WHERE a.name = e.extname)`;

// Members of extensions are theirs; types of relations and array types come with what they belong to.
const OTHER_OBJECTS = `
SELECT count(*)::pg_catalog.int4 AS count FROM (
  SELECT 'pg_catalog.pg_proc'::regclass AS classid, p.oid FROM pg_catalog.pg_proc AS p WHERE p.oid >= 16384
  UNION ALL SELECT 'pg_catalog.pg_type'::regclass, t.oid FROM pg_catalog.pg_type AS t
    WHERE t.oid >= 16384 AND t.typrelid = 0 AND t.typcategory <> 'A'
  UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass, n.oid FROM pg_catalog.pg_namespace AS n
    WHERE n.oid >= 16384 AND n.nspname !~ '^pg_(?:toast_)?temp_'
  UNION ALL SELECT 'pg_catalog.pg_event_trigger'::regclass, x.oid FROM pg_catalog.pg_event_trigger AS x
  UNION ALL SELECT 'pg_catalog.pg_publication'::regclass, x.oid FROM pg_catalog.pg_publication AS x
  UNION ALL SELECT 'pg_catalog.pg_foreign_server'::regclass, x.oid FROM pg_catalog.pg_foreign_server AS x
  UNION ALL SELECT 'pg_catalog.pg_cast'::regclass, x.oid FROM pg_catalog.pg_cast AS x WHERE x.oid >= 16384
  UNION ALL SELECT 'pg_catalog.pg_extension'::regclass, x.oid FROM pg_catalog.pg_extension AS x WHERE x.oid >= 16384
) AS o
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = o.classid AND d.objid = o.oid
  AND d.deptype IN ('e', 'i'))`;

const REST = `
SELECT (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata)::pg_catalog.int4 AS large_objects,
  (SELECT count(*) FROM pg_catalog.pg_default_acl AS d JOIN pg_catalog.pg_roles AS r ON r.oid = d.defaclrole
   WHERE r.rolname = CURRENT_USER)::pg_catalog.int4 AS default_privileges,
  current_setting('max_locks_per_transaction')::pg_catalog.int4
    * (current_setting('max_connections')::pg_catalog.int4 + current_setting('max_prepared_transactions')::pg_catalog.int4)
    AS lock_table,
  pg_catalog.current_setting('supautils.policy_grants', true) AS policy_grants,
  (SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) AS owner,
  ARRAY(SELECT spcname::pg_catalog.text FROM pg_catalog.pg_tablespace) AS tablespaces,
  ARRAY(SELECT evtname::pg_catalog.text FROM pg_catalog.pg_event_trigger) AS event_triggers,
  ARRAY(SELECT subname::pg_catalog.text FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d
    ON d.oid = s.subdbid WHERE d.datname = pg_catalog.current_database()) AS subscriptions,
  ARRAY(SELECT lanname::pg_catalog.text FROM pg_catalog.pg_language) AS languages`;

const PUBLICATIONS =
  "SELECT pubname AS name, pg_catalog.pg_get_userbyid(pubowner) AS owner FROM pg_catalog.pg_publication";

/** Reads what is in the target's database and what its role may do. */
export async function readTargetFacts(session: Session): Promise<TargetFacts> {
  const server = await readServerFacts(session);
  const [role] = await session.query<
    { name: string; superuser: boolean; create_database: boolean; create_role: boolean; create_schemas: boolean }
  >(ROLE);
  if (role === undefined) throw new Error("pg_roles has no row for the session's user");
  const roles = await session.query<{ name: string; acts_for: boolean }>(ROLES);
  const schemas = await session.query<TargetSchema>(SCHEMAS);
  const [rest] = await session.query<{
    large_objects: number;
    default_privileges: number;
    lock_table: number;
    owner: string;
    policy_grants: string | null;
    tablespaces: string[];
    event_triggers: string[];
    subscriptions: string[];
    languages: string[];
  }>(REST);
  const [others] = await session.query<{ count: number }>(OTHER_OBJECTS);
  const extensions = await session.query<TargetExtension>(EXTENSIONS);
  const publications = await session.query<{ name: string; owner: string }>(PUBLICATIONS);
  const roleNames = new Set(roles.map(({ name }) => name));
  const schemaNames = new Map(schemas.map((schema) => [schema.name, schema]));
  const supabase = !role.superuser && roleNames.has("supabase_admin") && roleNames.has("supabase_auth_admin") &&
    schemaNames.has("auth") && schemaNames.has("storage");
  const policyTables = supabase ? await mayMakePolicies(session, granted(rest?.policy_grants ?? null, role.name)) : [];
  return {
    server,
    major: session.serverMajor,
    role: {
      name: role.name,
      superuser: role.superuser,
      createDatabase: role.create_database,
      createRole: role.create_role,
      actsFor: new Set(roles.filter(({ acts_for }) => acts_for).map(({ name }) => name)),
      replicaMode: await mayReplicate(session),
      createSchemas: role.create_schemas,
    },
    databaseOwner: rest?.owner ?? "",
    roles: roleNames,
    schemas: schemaNames,
    relations: await readRelations(session, NO_PATTERNS, { withSizes: false }),
    extensions: new Map(extensions.map((extension) => [extension.name, extension])),
    tablespaces: new Set(rest?.tablespaces ?? []),
    publications: new Map(publications.map(({ name, owner }) => [name, owner])),
    eventTriggers: new Set(rest?.event_triggers ?? []),
    subscriptions: new Set(rest?.subscriptions ?? []),
    languages: new Set(rest?.languages ?? []),
    largeObjects: rest?.large_objects ?? 0,
    otherObjects: others?.count ?? 0,
    ownDefaultPrivileges: rest?.default_privileges ?? 0,
    supabase,
    policyTables: new Set(policyTables),
    startSettings: await deviatingSettings(session, WRITING),
    lockTable: rest?.lock_table ?? 0,
  };
}

/** Whether a database holds nothing that users made. */
export function isEmpty(facts: TargetFacts): boolean {
  return facts.relations.every(({ extension }) => extension !== null) && facts.otherObjects === 0 &&
    facts.largeObjects === 0;
}

/** The facts of a database that is about to be created on the same server. */
export function factsOfNewDatabase(facts: TargetFacts): TargetFacts {
  const extensions = [...facts.extensions].map(([name, extension]) =>
    [name, name === "plpgsql" ? extension : { ...extension, installed: null, owner: null }] as const
  );
  const { public: schema } = Object.fromEntries(facts.schemas);
  return {
    ...facts,
    schemas: new Map(schema === undefined ? [] : [["public", schema]]),
    relations: [],
    extensions: new Map(extensions),
    publications: new Map(),
    eventTriggers: new Set(),
    subscriptions: new Set(),
    languages: new Set(["c", "internal", "plpgsql", "sql"]),
    largeObjects: 0,
    otherObjects: 0,
    ownDefaultPrivileges: 0,
    supabase: false,
  };
}

/** `{"postgres": ["storage.objects", …]}`; anything else grants nothing. */
function granted(setting: string | null, role: string): string[] {
  try {
    const grants: unknown = JSON.parse(setting ?? "{}");
    const tables = typeof grants === "object" && grants !== null ? (grants as Record<string, unknown>)[role] : null;
    return Array.isArray(tables) ? tables.filter((table) => typeof table === "string") : [];
  } catch {
    return [];
  }
}

/** SQLSTATE of a lock that was not to be had in time: it was not refused. */
const LOCKED = "55P03";

/** The setting promises it; whether the server keeps the promise is asked by doing, and undone. */
async function mayMakePolicies(session: Session, tables: readonly string[]): Promise<string[]> {
  const allowed: string[] = [];
  for (const table of tables) {
    const [schema = "", name = ""] = table.split(".");
    try {
      await session.execute(
        `BEGIN; SET LOCAL lock_timeout = '1s'; CREATE POLICY pgstrata_probe ON ${
          qualifiedName(schema, name)
        }; ROLLBACK`,
      );
      allowed.push(table);
    } catch (error) {
      await session.execute("ROLLBACK").catch(() => {});
      if (!(error instanceof QueryError)) throw error;
      if (error.sqlstate === LOCKED) allowed.push(table);
    }
  }
  return allowed;
}

/** Asked by doing: Supabase's supautils and GRANT SET (15 and newer) allow it to roles that are no superusers. */
async function mayReplicate(session: Session): Promise<boolean> {
  try {
    await session.execute("BEGIN; SET LOCAL session_replication_role = replica; ROLLBACK");
    return true;
  } catch {
    await session.execute("ROLLBACK").catch(() => {});
    return false;
  }
}
