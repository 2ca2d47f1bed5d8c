import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `verify`. */
export const VERIFY_OPTIONS = {
  env: {
    kind: "string",
    value: "NAME",
    group: "Which backup",
    summary: "The newest backup of this environment, instead of the argument",
  },
  drill: {
    kind: "flag",
    group: "Proof by restoring",
    summary: "Restore it into a disposable server and compare everything",
  },
  tier: {
    kind: "choice",
    choices: ["full", "schema", "table", "all"],
    default: "full",
    group: "Proof by restoring",
    summary: "Which granularity to restore; all does each in a database of its own",
  },
  to: {
    kind: "string",
    value: "URL",
    group: "Proof by restoring",
    summary:
      "Restore into this empty database instead (a connection string, or an environment's name); it stays as it is then",
  },
  strict: {
    kind: "flag",
    group: "Proof by restoring",
    summary: "End with 3 also when something cannot be restored on this machine (a partial drill)",
  },
  jobs: {
    kind: "integer",
    short: "j",
    min: 1,
    max: 256,
    group: "Proof by restoring",
    summary: "Parallel restore jobs (default: as many as the machine has processors)",
  },
} as const satisfies OptionTable;

/** `pgstrata verify`. */
export const verify: Command = defineCommand({
  name: "verify",
  summary: "prove a backup: read it back in full, or restore it and compare",
  description: [
    "Reads every file and compares it with the manifest and SHA256SUMS, reads every archive to its last byte, counts " +
    "and hashes the rows of every table in each tier. What is damaged is named with file and place.",
    "With --drill the backup is also restored by plain pg_restore into a server that is started for it and removed " +
    "afterwards, and everything is compared: definitions, rows, sequences, large objects, owners, privileges, " +
    "policies, comments, extensions. What cannot be on this machine, such as an extension that is not installed, is " +
    "named and makes the result partial.",
    "The result is noted beside the backups and shown by list and show. Exit code 3: damaged, or something differs.",
  ],
  positionals: [
    {
      name: "backup",
      summary: "a folder, its name as list shows it, latest (default), or latest:ENV",
      completes: "folder",
    },
  ],
  options: VERIFY_OPTIONS,
  examples: [
    { line: "pgstrata verify", does: "Reads back the newest backup." },
    {
      line: "pgstrata verify latest:prod --drill",
      does: "Restores the newest backup of prod and compares everything.",
    },
    {
      line: "pgstrata verify latest:prod --drill --tier all --strict",
      does: "Every tier; what is only partial fails too.",
    },
    { line: "pgstrata verify latest --json | jq .verify.findings", does: "The result for other programs." },
  ],
  load: () => loadRunner("verify"),
});
