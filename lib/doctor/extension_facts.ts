/** What a logical backup means for an extension. */
export interface ExtensionFacts {
  /** For people: what is in the backup, what is not. */
  readonly meaning: string;
  /** What to do besides; null where there is nothing. */
  readonly fix: string | null;
  /**
   * Table whose rows make it a matter to look at (Supabase installs some extensions in every project);
   * `always` where it is one in any case, `never` where all is told by `meaning`.
   */
  readonly matters: "always" | "never" | { readonly schema: string; readonly table: string };
}

/** Extensions with data of their own, by name. Sources: SUPABASE.md, the extensions' own documents. */
export const EXTENSION_FACTS: Readonly<Record<string, ExtensionFacts>> = {
  supabase_vault: {
    meaning: "secrets are in the backup encrypted; the root key is not, and rows cannot be inserted by a restore",
    fix:
      "Keep the root key (Management API: GET /v1/projects/REF/pgsodium), or re-create secrets with vault.create_secret()",
    matters: { schema: "vault", table: "secrets" },
  },
  pgsodium: {
    meaning: "encrypted columns are in the backup as they are; the root key is not",
    fix: "Keep the root key (Management API: GET /v1/projects/REF/pgsodium) apart from the backups",
    matters: { schema: "pgsodium", table: "key" },
  },
  pgmq: {
    meaning:
      "queues are tables of the extension, which pg_dump leaves out (or crashes on); pgstrata copies their rows " +
      "into the table tier, a plain pg_restore does not bring them back",
    fix: "After a restore: pgmq.create() for each queue, then load its data.sql from the table tier",
    matters: { schema: "pgmq", table: "meta" },
  },
  pg_cron: {
    meaning: "jobs are in the backup; a restore would start them at once, and on Supabase cannot write cron.job",
    fix: "After a restore create the jobs with cron.schedule(), and check which database they run in",
    matters: { schema: "cron", table: "job" },
  },
  timescaledb: {
    meaning:
      "hypertables restore only between timescaledb_pre_restore() and timescaledb_post_restore(), with the same version",
    fix:
      "Note the version (extensions.tsv) and run SELECT timescaledb_pre_restore() before, _post_restore() after a restore",
    matters: "always",
  },
  pg_net: { meaning: "waiting requests and answers are not in a backup, and need not be", fix: null, matters: "never" },
  pg_partman: {
    meaning: "its configuration is in the backup; maintenance must be scheduled again after a restore",
    fix: null,
    matters: "never",
  },
  postgis: {
    meaning: "only rows of spatial_ref_sys that you added are in the backup; the restore needs the same PostGIS",
    fix: null,
    matters: "never",
  },
  wrappers: {
    meaning:
      "foreign tables are in the backup as definitions, their rows stay where they are; credentials may be in vault",
    fix: null,
    matters: "never",
  },
};
