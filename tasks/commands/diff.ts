import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `diff`. */
export const DIFF_OPTIONS = {
  url: {
    kind: "string",
    value: "URL",
    group: "Which database",
    summary: "The database to compare with, instead of the second argument; - reads it from standard input",
  },
  "url-env": {
    kind: "string",
    value: "NAME",
    group: "Which database",
    summary: "The variable that holds the connection string, instead of the second argument",
  },
  table: {
    kind: "list",
    short: "t",
    value: "SCHEMA.TABLE",
    group: "What is compared",
    summary: "Only this table, with its rows one by one: by primary key, else whole; names as they are, unquoted",
  },
  limit: {
    kind: "integer",
    min: 0,
    max: 100_000,
    default: "20",
    group: "What is compared",
    summary: "With --table: rows of each kind that are shown; all are counted",
  },
  "schema-only": { kind: "flag", group: "What is compared", summary: "Definitions, grants and roles without rows" },
  markdown: { kind: "flag", group: "How it is shown", summary: "Markdown, for a pull request or a job's summary page" },
} as const satisfies OptionTable;

/** `pgstrata diff`. */
export const diff: Command = defineCommand({
  name: "diff",
  summary: "show what changed between two backups, or since one",
  description: [
    "Objects of the schema that came, went or are defined otherwise, with the SQL difference; rows by count and by " +
    "content; extensions, roles, owners and grants, policies, options of views, sequences, sizes. What may be " +
    "dangerous comes first: security_invoker lost, row level security off, wider access, tables that lost their rows.",
    "A is what was, B what has become of it. Each is a backup (a folder, its name, latest, latest:ENV) or the name " +
    "of an environment, which is then read once, in one snapshot. Rows are the same when their content is, in " +
    "whatever order.",
    "Exit code 0: the same. 3: different. Sizes, times and the server's version are told and make no difference.",
  ],
  positionals: [
    { name: "a", summary: "what was: a backup, or an environment", required: true, completes: "folder" },
    { name: "b", summary: "what has become of it: a backup, or an environment", completes: "folder" },
  ],
  options: DIFF_OPTIONS,
  examples: [
    { line: "pgstrata diff 20260304_020000_prod latest:prod", does: "What changed between two backups." },
    { line: "pgstrata diff latest:prod prod", does: "What changed in prod since its last backup." },
    {
      line: "pgstrata diff latest:prod latest:staging --schema-only --markdown",
      does: "How two environments' schemas differ, for a pull request.",
    },
    { line: "pgstrata diff latest:prod prod --table public.orders --limit 5", does: "Which orders changed." },
    { line: "pgstrata diff latest:prod --url-env NEW_URL --json | jq .alerts", does: "Is the new project as the old?" },
  ],
  load: () => loadRunner("diff"),
});
