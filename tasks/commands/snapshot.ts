import { type Command, defineCommand, defineGroup, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

const KINDS = ["pre-migration", "daily", "weekly", "monthly", "critical"] as const;

/** Which database; options of every snapshot command. */
export const TARGET_OPTIONS = {
  env: {
    kind: "string",
    value: "NAME",
    group: "Which database",
    summary: "The environment (default: staging): prod, staging, dev, or NAME of DATABASE_URL_NAME",
  },
  url: {
    kind: "string",
    value: "URL",
    group: "Which database",
    summary: "A one-off connection string; - reads it from standard input",
  },
  "url-env": {
    kind: "string",
    value: "NAME",
    group: "Which database",
    summary: "The variable that holds the connection string",
  },
} as const satisfies OptionTable;

const LOCK_TIMEOUT = {
  kind: "duration",
  default: "5s",
  summary: "How long to wait for tables that others have locked; others then wait behind us",
} as const;

const YES = {
  kind: "string",
  value: "DATABASE",
  summary: "Act, and name the database to show that it is the one you mean; without it only the plan is shown",
} as const;

const SNAPSHOT = { name: "snapshot", summary: "id of the copy, or the name of its table", required: true } as const;

/** Options of `snapshot install`. */
export const INSTALL_OPTIONS = {
  ...TARGET_OPTIONS,
  grant: {
    kind: "list",
    separated: true,
    value: "ROLES",
    summary: "Roles that may make copies, and can then read every copied row",
  },
  revoke: { kind: "list", separated: true, value: "ROLES", summary: "Roles to take that from again" },
} as const satisfies OptionTable;

/** Options of `snapshot uninstall`. */
export const UNINSTALL_OPTIONS = { ...TARGET_OPTIONS, yes: YES } as const satisfies OptionTable;

/** Options of `snapshot create`. */
export const CREATE_OPTIONS = {
  ...TARGET_OPTIONS,
  reason: { kind: "string", value: "TEXT", summary: "Why the copy is made (needed)" },
  kind: {
    kind: "choice",
    choices: KINDS,
    default: "pre-migration",
    summary: "How long it is kept: review after 6 months, 7 days, 4 weeks, 12 months, review every year",
  },
  ticket: { kind: "string", value: "ID", summary: "The ticket it belongs to" },
  "requested-by": { kind: "string", value: "WHO", summary: "Who asked for it" },
  "with-indexes": { kind: "flag", summary: "Copy the indexes too" },
  hash: {
    kind: "flag",
    summary: "Record a digest of the rows, so that a changed copy is noticed; reads the copy once",
  },
  "max-size": {
    kind: "size",
    value: "SIZE",
    summary: "Largest table to copy (default: 10 GiB, or as set in the database)",
  },
  "disk-size": {
    kind: "size",
    value: "SIZE",
    summary: "Size of the server's disk, which a remote server does not tell: refuse what does not fit",
  },
  "lock-timeout": LOCK_TIMEOUT,
} as const satisfies OptionTable;

/** Options of `snapshot list`. */
export const LIST_OPTIONS = {
  ...TARGET_OPTIONS,
  all: { kind: "flag", summary: "Also copies that have gone" },
  kind: { kind: "choice", choices: KINDS, summary: "Only this kind" },
} as const satisfies OptionTable;

/** Options of `snapshot diff`. */
export const DIFF_OPTIONS = {
  ...TARGET_OPTIONS,
  limit: { kind: "integer", min: 0, max: 10_000, default: "20", summary: "How many of the rows to name" },
} as const satisfies OptionTable;

/** Options of `snapshot restore`. */
export const RESTORE_OPTIONS = {
  ...TARGET_OPTIONS,
  into: { kind: "string", value: "TABLE", summary: "Make this new table of the copy" },
  replace: { kind: "flag", summary: "Bring the living table back to the copy, in place" },
  rows: { kind: "string", value: "CONDITION", summary: "Bring back only these rows: SQL about columns of the copy" },
  "safety-copy": { kind: "flag", default: true, summary: "Do not copy the living table before changing it" },
  yes: YES,
  "lock-timeout": LOCK_TIMEOUT,
} as const satisfies OptionTable;

/** Options of `snapshot prune`. */
export const PRUNE_OPTIONS = {
  ...TARGET_OPTIONS,
  apply: { kind: "flag", summary: "Drop what is due; without it only the plan is shown" },
  reviewed: {
    kind: "list",
    separated: true,
    value: "IDS",
    summary: "These were looked at and stay: ask again a period later",
  },
  "lock-timeout": LOCK_TIMEOUT,
} as const satisfies OptionTable;

/** Options of `snapshot export`. */
export const EXPORT_OPTIONS = {
  ...TARGET_OPTIONS,
  encrypt: { kind: "flag", summary: "Encrypt the backup, for the recipients of pgstrata.json or the environment" },
  push: { kind: "flag", summary: "Copy the backup to every storage of pgstrata.json" },
  drop: { kind: "flag", summary: "Drop the copy when the backup is good, and stored if --push was given" },
  "lock-timeout": LOCK_TIMEOUT,
} as const satisfies OptionTable;

/** Options of `snapshot adopt`. */
export const ADOPT_OPTIONS = {
  ...TARGET_OPTIONS,
  schema: { kind: "list", short: "n", value: "NAME", summary: "Look only in this schema" },
  kind: { kind: "choice", choices: KINDS, default: "pre-migration", summary: "How long they are kept from now on" },
  reason: { kind: "string", value: "TEXT", summary: "Why they were made (default: where they came from)" },
  apply: { kind: "flag", summary: "Move them; without it they are only listed" },
  "lock-timeout": LOCK_TIMEOUT,
} as const satisfies OptionTable;

/** Options of `snapshot schedule`. */
export const SCHEDULE_OPTIONS = {
  ...TARGET_OPTIONS,
  at: { kind: "string", value: "CRON", summary: "When: five fields, such as '0 3 * * *'" },
  kind: { kind: "choice", choices: KINDS, default: "daily", summary: "Kind of the copies" },
  reason: { kind: "string", value: "TEXT", default: "scheduled", summary: "Why they are made" },
  prune: { kind: "flag", summary: "Drop expired copies then, instead of making one" },
  remove: { kind: "list", value: "JOB", summary: "End this job" },
} as const satisfies OptionTable;

/** `pgstrata snapshot`. */
export const snapshot: Command = defineGroup({
  name: "snapshot",
  summary: "copies of tables inside the database, with a way back",
  description: [
    "Before a risky change: a copy of a table in schema backup of the same database, in seconds, with reason, kind " +
    "and ticket; the difference later; the way back, whole or some rows; and an end by rule.",
    "Copies are no backups: they go with the database. `pgstrata backup` takes them along like every schema.",
  ],
  examples: [
    { line: "pgstrata snapshot install --env prod", does: "Once: schema backup with its functions." },
    {
      line: "pgstrata snapshot create experts --env prod --reason 'Pre-v2.0 migration' --ticket OPS-12",
      does: "A copy of public.experts.",
    },
  ],
}, [
  defineCommand({
    name: "install",
    summary: "install schema backup, or bring it up to date",
    description: [
      "Makes schema backup (records, functions, inventory) and public.backup_inventory_view and " +
      "public.get_backup_tables() for clients that see only public. Again is harmless. Only the owner may use it " +
      "unless --grant says otherwise.",
    ],
    positionals: [],
    options: INSTALL_OPTIONS,
    examples: [{ line: "pgstrata snapshot install", does: "Installs it in staging." }],
    load: () => loadRunner("snapshot install"),
  }),
  defineCommand({
    name: "uninstall",
    summary: "list, then drop all copies, records and functions",
    description: ["Without --yes it only lists what would go."],
    positionals: [],
    options: UNINSTALL_OPTIONS,
    examples: [{ line: "pgstrata snapshot uninstall", does: "Shows what would be dropped." }],
    load: () => loadRunner("snapshot uninstall"),
  }),
  defineCommand({
    name: "create",
    summary: "copy tables, all of one instant",
    description: [
      "Copies tables in one transaction: all of them, or none. The names of the copies go to standard output.",
      "A name without a schema is looked for in public.",
    ],
    positionals: [{ name: "table", summary: "name, or schema.name as in SQL", required: true, many: true }],
    options: CREATE_OPTIONS,
    examples: [
      {
        line: "pgstrata snapshot create orders sales.items --reason 'before the price fix' --kind critical",
        does: "Two tables of one instant.",
      },
    ],
    load: () => loadRunner("snapshot create"),
  }),
  defineCommand({
    name: "list",
    summary: "list copies with sizes, ages and reasons",
    description: ["Copies that are there, oldest first, and their total."],
    positionals: [],
    options: LIST_OPTIONS,
    examples: [{ line: "pgstrata snapshot list --env prod", does: "All copies in prod." }],
    load: () => loadRunner("snapshot list"),
  }),
  defineCommand({
    name: "show",
    summary: "show all that is known about a copy",
    description: ["The record of one copy, also after it has gone."],
    positionals: [SNAPSHOT],
    options: TARGET_OPTIONS,
    examples: [{ line: "pgstrata snapshot show 12", does: "The record of copy 12." }],
    load: () => loadRunner("snapshot show"),
  }),
  defineCommand({
    name: "size",
    summary: "show how much room copies take",
    description: ["Number and size of the copies in all, by table and by kind."],
    positionals: [],
    options: TARGET_OPTIONS,
    examples: [{ line: "pgstrata snapshot size --json", does: "The sizes for other programs." }],
    load: () => loadRunner("snapshot size"),
  }),
  defineCommand({
    name: "diff",
    summary: "compare a copy with the living table",
    description: [
      "Rows added, removed and changed since the copy was made, matched by the primary key, or a unique index on columns " +
      "that are never null; whole rows where there is neither. The server compares; only counts and some keys come here.",
    ],
    positionals: [SNAPSHOT],
    options: DIFF_OPTIONS,
    examples: [{ line: "pgstrata snapshot diff 12 --limit 100", does: "The difference, with up to 100 keys." }],
    load: () => loadRunner("snapshot diff"),
  }),
  defineCommand({
    name: "restore",
    summary: "bring a copy back: into a new table, in place, or some rows",
    description: [
      "--into makes a new table. --replace and --rows change the living table in one transaction: triggers are off, " +
      "foreign keys hold or nothing happens, sequences move along; they act with --yes DATABASE and show the plan without.",
    ],
    positionals: [SNAPSHOT],
    options: RESTORE_OPTIONS,
    examples: [
      { line: "pgstrata snapshot restore 12 --into experts_before", does: "A new table public.experts_before." },
      { line: "pgstrata snapshot restore 12 --replace", does: "Shows what would change in public.experts." },
      { line: "pgstrata snapshot restore 12 --rows 'id IN (4, 7)' --yes shop", does: "Two rows come back." },
    ],
    load: () => loadRunner("snapshot restore"),
  }),
  defineCommand({
    name: "prune",
    summary: "show, then drop copies whose time is over",
    description: [
      "daily after 7 days, weekly after 4 weeks, monthly after 12 months when exported; pre-migration is to be reviewed " +
      "after 6 months, critical every year. A copy that something depends on, or that was changed, stays. Records stay.",
    ],
    positionals: [],
    options: PRUNE_OPTIONS,
    examples: [{ line: "pgstrata snapshot prune --env prod --apply", does: "Drops what is due." }],
    load: () => loadRunner("snapshot prune"),
  }),
  defineCommand({
    name: "export",
    summary: "put a copy into a backup on the shelf",
    description: [
      "A backup of that one table, labelled snapshot-ID, compared with the record. The folder goes to standard output.",
    ],
    positionals: [SNAPSHOT],
    options: EXPORT_OPTIONS,
    examples: [{ line: "pgstrata snapshot export 12 --drop", does: "Exports the copy, then drops it." }],
    load: () => loadRunner("snapshot export"),
  }),
  defineCommand({
    name: "adopt",
    summary: "find copies made by hand, then move them here",
    description: [
      "Finds tables such as experts_backup_2025_05_25, experts_bak or experts_old in other schemas. Tables that something " +
      "depends on are moved only when named.",
    ],
    positionals: [{ name: "table", summary: "only these, as schema.name", many: true }],
    options: ADOPT_OPTIONS,
    examples: [{ line: "pgstrata snapshot adopt --schema public", does: "Lists hand-made copies in public." }],
    load: () => loadRunner("snapshot adopt"),
  }),
  defineCommand({
    name: "schedule",
    summary: "let pg_cron make and prune copies",
    description: [
      "Without --at and --remove it lists the jobs. Needs the extension pg_cron; jobs run as the role that makes them.",
    ],
    positionals: [{ name: "table", summary: "the table to copy" }],
    options: SCHEDULE_OPTIONS,
    examples: [
      { line: "pgstrata snapshot schedule orders --at '0 3 * * *'", does: "A daily copy at three." },
      { line: "pgstrata snapshot schedule --prune --at '30 3 * * *'", does: "Expired copies go by themselves." },
    ],
    load: () => loadRunner("snapshot schedule"),
  }),
]);
