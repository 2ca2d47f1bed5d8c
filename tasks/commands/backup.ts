import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";
import { NOTICE_OPTIONS } from "./notice_options.ts";

/** Environments that exist whether or not they are configured. */
export const ENVIRONMENT_WORDS = ["staging", "prod", "dev", "both", "all"] as const;

/** Options of `backup`. */
export const BACKUP_OPTIONS = {
  env: {
    kind: "string",
    value: "NAME",
    group: "Which database",
    summary: "The environment, instead of the argument",
  },
  label: { kind: "string", value: "WORD", group: "Which database", summary: "The label, instead of the argument" },
  url: {
    kind: "string",
    value: "URL",
    group: "Which database",
    summary: "A one-off connection string; - reads it from standard input, which keeps it out of process lists",
  },
  "url-env": {
    kind: "string",
    value: "NAME",
    group: "Which database",
    summary: "The variable that holds the connection string",
  },
  tiers: {
    kind: "list",
    separated: true,
    choices: ["full", "schema", "table"],
    default: "full,schema,table",
    value: "LIST",
    group: "What is backed up",
    summary: "Which granularities to write",
  },
  schema: {
    kind: "list",
    short: "n",
    value: "PATTERN",
    group: "What is backed up",
    summary: "Only these schemas, as in pg_dump",
  },
  "exclude-schema": {
    kind: "list",
    short: "N",
    value: "PATTERN",
    group: "What is backed up",
    summary: "Not these schemas",
  },
  table: {
    kind: "list",
    short: "t",
    value: "PATTERN",
    group: "What is backed up",
    summary: "Only these tables",
  },
  "exclude-table": {
    kind: "list",
    short: "T",
    value: "PATTERN",
    group: "What is backed up",
    summary: "Not these tables",
  },
  "exclude-table-data": {
    kind: "list",
    value: "PATTERN",
    group: "What is backed up",
    summary: "These tables without their rows",
  },
  "schema-only": { kind: "flag", group: "What is backed up", summary: "Definitions without rows" },
  "data-only": { kind: "flag", group: "What is backed up", summary: "Rows without definitions" },
  privileges: {
    kind: "flag",
    default: true,
    group: "What is backed up",
    summary: "Leave GRANT and REVOKE out: a restore may then give wider access than the original",
  },
  blobs: {
    kind: "flag",
    short: "b",
    group: "What is backed up",
    summary: "Large objects in every schema archive, not only where a column refers to them",
  },
  "skip-unreadable": {
    kind: "flag",
    group: "What is backed up",
    summary: "Go on without what the role may not read; the backup is incomplete then (exit code 3)",
  },
  "without-snapshots": {
    kind: "flag",
    group: "What is backed up",
    summary: "Leave out the copies of tables that snapshot made (schema backup, where snapshot install made it)",
  },
  layout: {
    kind: "choice",
    choices: ["runbook", "ci"],
    default: "runbook",
    group: "How it is written",
    summary: "Names of folders and files",
  },
  "ci-repository": {
    kind: "string",
    value: "NAME",
    group: "How it is written",
    summary: "Repository in the ci layout's names (default: from GITHUB_REPOSITORY)",
  },
  "ci-event": {
    kind: "string",
    value: "NAME",
    group: "How it is written",
    summary: "What started the run, there (default: GITHUB_EVENT_NAME)",
  },
  "ci-sha": {
    kind: "string",
    value: "SHA",
    group: "How it is written",
    summary: "The commit, there (default: GITHUB_SHA)",
  },
  encrypt: {
    kind: "flag",
    group: "How it is written",
    summary: "Encrypt every file before the folder is sealed, for the recipients of pgstrata.json or the environment " +
      "(PGSTRATA_AGE_RECIPIENTS, PGSTRATA_GPG_RECIPIENTS, PGSTRATA_PASSPHRASE_FILE)",
  },
  push: {
    kind: "flag",
    group: "How it is written",
    summary: "Afterwards copy it to every storage of pgstrata.json, as push",
  },
  dedup: {
    kind: "flag",
    group: "How it is written",
    summary: "Files equal to those of the environment's backup before become hard links",
  },
  compress: {
    kind: "string",
    value: "METHOD",
    group: "How it is written",
    summary: "zstd[:LEVEL], gzip[:LEVEL] or none (default: zstd:3, gzip:6 for clients before 16)",
  },
  "restore-hint": {
    kind: "flag",
    default: true,
    group: "How it is written",
    summary: "Leave the restore commands out of the summary",
  },
  "room-check": {
    kind: "flag",
    default: true,
    group: "How it is written",
    summary: "Go on where the disk has less room than a backup is bound to take (else refused, exit code 6)",
  },
  prune: {
    kind: "flag",
    group: "How it is written",
    summary: "Afterwards remove old backups of the environment by the rules of pgstrata.json, as prune --apply",
  },
  jobs: {
    kind: "integer",
    short: "j",
    min: 1,
    max: 256,
    group: "How it is read",
    summary: "Parallel readers (default: as many as the machine and the server have room for)",
  },
  "max-connections": {
    kind: "integer",
    min: 2,
    group: "How it is read",
    summary: "Most connections to use in all",
  },
  "lock-wait-timeout": {
    kind: "duration",
    default: "60s",
    group: "How it is read",
    summary: "How long to wait for tables that others have locked",
  },
  engine: {
    kind: "choice",
    choices: ["archive", "pg_dump"],
    default: "archive",
    group: "How it is read",
    summary: "archive reads once and cuts; pg_dump runs once for each schema and table: slower",
  },
  ...NOTICE_OPTIONS,
} as const satisfies OptionTable;

/** `pgstrata backup`. */
export const backup: Command = defineCommand({
  name: "backup",
  summary: "back up a database into one sealed, checkable folder",
  description: [
    "Reads the database once, at one instant, and writes three tiers from it: the whole database as one archive, " +
    "each schema as an archive, each table as readable SQL. With them come roles, versions, extensions and view " +
    "options, a manifest with checksums, and a summary.",
    "Environments are names: prod is DATABASE_URL_PROD, staging (the default) is DATABASE_URL_STAGING or " +
    "DATABASE_URL; both and all do several, one after the other. They are read from .env; the real environment wins.",
    "The folder's path goes to standard output, everything else to standard error. A folder that does not end in " +
    ".partial is exactly what its manifest says. Exit code 3 means: written, but incomplete.",
  ],
  positionals: [
    {
      name: "environment",
      summary: "staging (default), prod, dev, both, all, or NAME where DATABASE_URL_NAME is set",
      completes: ENVIRONMENT_WORDS,
    },
    { name: "label", summary: "a word for the folder's name, such as pre-upgrade" },
  ],
  options: BACKUP_OPTIONS,
  examples: [
    { line: "pgstrata backup", does: "Backs up staging into backups/<time>_staging/." },
    { line: "pgstrata backup prod pre-upgrade", does: "Backs up prod; the folder's name ends in _prod_pre-upgrade." },
    {
      line: "pgstrata backup prod --dedup --prune",
      does: "What did not change is linked to the backup before; old backups go by rule.",
    },
    { line: "pgstrata backup both --quiet", does: "Prod, then staging, for cron: only warnings and errors are said." },
    {
      line: "pgstrata backup prod -n public -n auth --exclude-table-data 'public.log_*'",
      does: "Two schemas, and no rows of the log tables.",
    },
    { line: "pass show prod-url | pgstrata backup --url -", does: "A one-off connection string that nobody sees." },
    { line: "pgstrata backup prod --json | jq -r '.backups[].folder'", does: "The result for other programs." },
  ],
  load: () => loadRunner("backup"),
});
