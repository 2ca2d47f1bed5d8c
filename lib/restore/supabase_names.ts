/**
 * Schemas that Supabase's platform or its extensions make and look after
 * (supabase/cli `pkg/migration/dump.go`: what its schema dumps leave out).
 */
const PLATFORM_SCHEMAS: ReadonlySet<string> = new Set([
  "_analytics",
  "_realtime",
  "_supavisor",
  "auth",
  "cron",
  "dbdev",
  "etl",
  "extensions",
  "graphql",
  "graphql_public",
  "net",
  "pgbouncer",
  "pgmq",
  "pgsodium",
  "pgsodium_masks",
  "pgtle",
  "realtime",
  "repack",
  "storage",
  "supabase_functions",
  "tiger",
  "tiger_data",
  "topology",
  "vault",
]);

/** Platform schemas whose rows are the users': they are put back into the platform's own tables. */
const DATA_SCHEMAS: ReadonlySet<string> = new Set(["auth", "storage", "supabase_functions"]);

/** Tables that tell the platform which migrations of its own have run; never the backup's business. */
const MIGRATION_TABLES: ReadonlySet<string> = new Set([
  "auth.schema_migrations",
  "storage.migrations",
  "supabase_functions.migrations",
  "realtime.schema_migrations",
]);

/** Roles that supautils guards (`supautils.reserved_roles`), by their beginnings or whole names. */
const RESERVED_ROLES =
  /^(?:anon|authenticated|authenticator|service_role|dashboard_user|pgbouncer|postgres|supabase_.*|cli_login_.*|pgsodium_key.*|pgtle_admin)$/;

/** Whether a schema is the platform's, by its name. */
export function isPlatformSchema(name: string): boolean {
  return PLATFORM_SCHEMAS.has(name);
}

/** Whether rows of a platform schema are restored. */
export function hasUserRows(schema: string): boolean {
  return DATA_SCHEMAS.has(schema);
}

/** Whether a table records the platform's own migrations. */
export function isMigrationTable(schema: string, table: string): boolean {
  return MIGRATION_TABLES.has(`${schema}.${table}`);
}

/** Whether a role is the platform's. */
export function isReservedRole(name: string): boolean {
  return RESERVED_ROLES.test(name);
}
