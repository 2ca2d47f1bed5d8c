import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `init`. */
export const INIT_OPTIONS = {
  environments: {
    kind: "list",
    separated: true,
    value: "NAMES",
    group: "What there is",
    summary: "Environments (default: those that are configured, else staging,prod)",
  },
  "server-major": {
    kind: "integer",
    min: 13,
    max: 30,
    group: "What there is",
    summary: "Major version of the server: the workflow installs this client (default: 17)",
  },
  recipient: {
    kind: "list",
    value: "KEY",
    group: "What there is",
    summary: "age public key (age1...) that backups are encrypted for where they leave the machine",
  },
  keep: {
    kind: "choice",
    choices: ["artifact", "s3", "none"],
    group: "Where copies go",
    summary: "From the workflow: an encrypted artifact, a bucket, or no workflow (default: artifact with --recipient)",
  },
  "s3-url": { kind: "string", value: "s3://BUCKET/PREFIX", group: "Where copies go", summary: "The bucket" },
  "s3-endpoint": {
    kind: "string",
    value: "URL",
    group: "Where copies go",
    summary: "Of services that are not Amazon's",
  },
  "s3-region": { kind: "string", value: "REGION", group: "Where copies go", summary: "The bucket's region" },
  parts: {
    kind: "list",
    separated: true,
    choices: ["env", "config", "gitignore", "workflow", "systemd", "cron"],
    group: "What is written",
    summary: "Which files (default: all)",
  },
  command: {
    kind: "string",
    value: "COMMAND",
    group: "What is written",
    summary: "How timers call pgstrata (default: as it is called now)",
  },
  "dry-run": { kind: "flag", group: "What is written", summary: "Print the files instead of writing them" },
  yes: {
    kind: "flag",
    short: "y",
    group: "What is written",
    summary: "Ask nothing: what is not given has its default",
  },
} as const satisfies OptionTable;

/** `pgstrata init`. */
export const init: Command = defineCommand({
  name: "init",
  summary: "set up: .env, pgstrata.json, a workflow, timers; over nothing",
  description: [
    "Writes what a project needs to be backed up: .env (mode 0600) and .env.example, pgstrata.json, lines in .gitignore, " +
    ".github/workflows/backup.yml, a systemd service and timer and a crontab line in deploy/. On a terminal it asks for " +
    "what is not given; connection strings are asked without being shown, and go into .env alone.",
    "A file that is there is never overwritten: it is named, and --dry-run shows what it would have become. The workflow " +
    "never uploads an unencrypted artifact.",
  ],
  positionals: [],
  options: INIT_OPTIONS,
  examples: [
    { line: "pgstrata init", does: "Asks, then writes." },
    {
      line: "pgstrata init --yes --environments prod --server-major 17 --recipient age1... --keep artifact",
      does: "Asks nothing; the workflow keeps encrypted artifacts.",
    },
    {
      line: "pgstrata init --dry-run --parts workflow --keep s3 --s3-url s3://bucket/db",
      does: "Shows the workflow alone.",
    },
  ],
  load: () => loadRunner("init"),
});
