import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

const WHERE = "Where to";
const WHAT = "What is restored";
const HOW = "How it is restored";
const SAFETY = "Safety";

/** Options of `restore`. */
export const RESTORE_OPTIONS = {
  to: {
    kind: "string",
    value: "TARGET",
    group: WHERE,
    summary: "An environment (staging, prod, ...), a connection string, or - to read one from standard input",
  },
  "to-env": { kind: "string", value: "NAME", group: WHERE, summary: "The variable that holds the connection string" },
  "create-db": { kind: "flag", group: WHERE, summary: "Create the target's database, which must not exist" },
  schema: { kind: "list", short: "n", value: "PATTERN", group: WHAT, summary: "Only these schemas, as in pg_dump" },
  table: {
    kind: "list",
    short: "t",
    value: "PATTERN",
    group: WHAT,
    summary: "Only these tables, with what they need and the target lacks",
  },
  "schema-only": { kind: "flag", group: WHAT, summary: "Definitions without rows" },
  "data-only": { kind: "flag", group: WHAT, summary: "Rows into tables that exist; no trigger fires" },
  tier: {
    kind: "choice",
    choices: ["full", "schema", "table"],
    group: WHAT,
    summary: "Read from this tier only (default: the full archive where there is one)",
  },
  "into-schema": {
    kind: "string",
    value: "NEW",
    group: WHAT,
    summary: "Put the tables into this new schema, beside the living ones",
  },
  clean: { kind: "flag", group: HOW, summary: "Replace what exists: drop it, or empty the tables, first" },
  "in-place": {
    kind: "flag",
    group: HOW,
    summary: "Replace the living database's contents in one transaction, instead of restoring beside and swapping",
  },
  jobs: {
    kind: "integer",
    short: "j",
    min: 1,
    max: 256,
    group: HOW,
    summary: "Parallel jobs, into an empty or a new database",
  },
  owner: { kind: "flag", group: HOW, summary: "Set all owners, or fail (default: those that can be set)" },
  "no-owner": { kind: "flag", group: HOW, summary: "Everything belongs to the role that restores" },
  privileges: { kind: "flag", default: true, group: HOW, summary: "Leave GRANT and REVOKE out" },
  roles: { kind: "flag", default: true, group: HOW, summary: "Do not create roles that are missing" },
  "lock-wait-timeout": {
    kind: "duration",
    default: "60s",
    group: HOW,
    summary: "How long to wait in place for tables that others use",
  },
  cron: {
    kind: "choice",
    choices: ["inactive", "active"],
    default: "inactive",
    group: HOW,
    summary: "pg_cron's jobs in a Supabase target",
  },
  compare: { kind: "flag", default: true, group: SAFETY, summary: "Do not compare with the backup afterwards" },
  "safety-backup": {
    kind: "flag",
    default: true,
    group: SAFETY,
    summary: "Do not back up the target before it is changed",
  },
  force: {
    kind: "flag",
    group: SAFETY,
    summary: "Go on with a damaged backup, without extensions that are missing, with differences",
  },
  "allow-prod": { kind: "flag", group: SAFETY, summary: "Allow the database of DATABASE_URL_PROD as the target" },
  yes: {
    kind: "string",
    value: "DBNAME",
    group: SAFETY,
    summary: "The name of the database that may be changed, instead of typing it",
  },
} as const satisfies OptionTable;

/** `pgstrata restore`. */
export const restore: Command = defineCommand({
  name: "restore",
  summary: "put a backup back: all of it, a schema, a table, or rows",
  description: [
    "Into an empty database it loads in parallel. A database that is not empty is restored beside, in a new one, " +
    "compared with the backup, and only then the two are renamed in one step: the old one stays. --in-place, and every " +
    "restore of a part, changes the living database in one transaction instead: all of it happens, or nothing.",
    "Before a database that is not empty is changed, the target and what goes is shown, its name has to be typed (or " +
    "--yes DBNAME), and its present state is backed up with the label pre_restore. The command that goes back is printed.",
    "Afterwards what is there is compared with the backup. Exit code 3: restored, and something differs. Exit code 7: " +
    "refused, nothing was changed.",
  ],
  positionals: [
    {
      name: "backup",
      summary: "a folder, its name as list shows it, latest, or latest:ENV",
      required: true,
      completes: "folder",
    },
  ],
  options: RESTORE_OPTIONS,
  examples: [
    { line: "pgstrata restore latest:prod --to staging", does: "The newest backup of prod into staging, by a swap." },
    { line: "pgstrata restore latest --to staging -t public.orders", does: "One lost table, with what it needs." },
    {
      line: "pgstrata restore latest --to prod --allow-prod -t public.orders --into-schema rescued",
      does: "Beside the living table, to compare rows and copy some.",
    },
    {
      line: "pgstrata restore latest --to staging -t public.orders --data-only --clean --yes shop",
      does: "Replaces the rows of one table, unattended.",
    },
    { line: 'pgstrata restore latest --to "$NEW_DATABASE_URL" --create-db', does: "Into a new database." },
  ],
  load: () => loadRunner("restore"),
});
