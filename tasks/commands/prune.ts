import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

const RULES = "Instead of the configured general rules (those for a label stay)";

/** Options of `prune`. */
export const PRUNE_OPTIONS = {
  env: { kind: "string", value: "NAME", summary: "The environment, instead of the argument" },
  remote: { kind: "flag", group: "Cold storage", summary: "What is in cold storage instead of what is on the shelf" },
  from: {
    kind: "list",
    value: "STORAGE",
    group: "Cold storage",
    summary: "Only there: a name of pgstrata.json, or s3://BUCKET/PREFIX or file:///FOLDER",
  },
  apply: { kind: "flag", summary: "Remove what the plan says; without it nothing is changed" },
  "keep-last": { kind: "integer", min: 1, group: RULES, summary: "Keep this many of the newest of each environment" },
  days: { kind: "integer", min: 1, group: RULES, summary: "Keep what is younger than so many days" },
  hourly: {
    kind: "integer",
    min: 1,
    group: RULES,
    summary: "Keep the newest of each of the last N hours with backups",
  },
  daily: { kind: "integer", min: 1, group: RULES, summary: "The same for days" },
  weekly: { kind: "integer", min: 1, group: RULES, summary: "The same for weeks, from Monday" },
  monthly: { kind: "integer", min: 1, group: RULES, summary: "The same for months" },
  yearly: { kind: "integer", min: 1, group: RULES, summary: "The same for years" },
  "max-size": { kind: "size", summary: "What the shelf may take on disk; the oldest unprotected backups go first" },
} as const satisfies OptionTable;

/** `pgstrata prune`. */
export const prune: Command = defineCommand({
  name: "prune",
  summary: "throw old backups away by rule, never the last good one",
  description: [
    "Prints what would go, with the space that comes free, and what stays, with every rule that keeps it. Only --apply " +
    "removes anything. Rules stand in pgstrata.json; without it the last 5 backups of an environment are kept, and the " +
    "last 2 whose label begins with pre-upgrade.",
    "Never removed: the newest complete backup of an environment, its newest verified and newest drilled one, what is " +
    "marked with `pgstrata keep`, what is newer than a failed run, and whatever pgstrata did not make.",
    "Nothing of an environment is removed, and the exit code is 7, when its newest backup failed, is incomplete, " +
    "damaged, empty, or much smaller than the one before. The others are still pruned.",
  ],
  positionals: [
    {
      name: "environment",
      summary: "only this environment; both is prod and staging (default: all)",
      completes: ["staging", "prod", "dev", "both", "all"],
    },
  ],
  options: PRUNE_OPTIONS,
  examples: [
    { line: "pgstrata prune", does: "What would go, and what stays, by the rules of pgstrata.json." },
    { line: "pgstrata prune --apply", does: "The same, and does it." },
    { line: "pgstrata prune prod --keep-last 3", does: "What would go of prod if only the last 3 were kept." },
    {
      line: "pgstrata prune --daily 7 --weekly 4 --monthly 12 --apply --quiet",
      does: "Grandfather, father, son, for cron.",
    },
    { line: "pgstrata prune --remote --apply", does: "The same rules for the copies in cold storage." },
    { line: "pgstrata prune --json | jq .freedBytes", does: "How much would come free." },
  ],
  load: () => loadRunner("prune"),
});
