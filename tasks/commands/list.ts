import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `list`. */
export const LIST_OPTIONS = {
  env: { kind: "string", value: "NAME", summary: "The environment, instead of the argument" },
  remote: { kind: "flag", group: "Cold storage", summary: "What is in cold storage instead of what is on the shelf" },
  from: {
    kind: "list",
    value: "STORAGE",
    group: "Cold storage",
    summary: "Only there: a name of pgstrata.json, or s3://BUCKET/PREFIX or file:///FOLDER",
  },
} as const satisfies OptionTable;

/** `pgstrata list`. */
export const list: Command = defineCommand({
  name: "list",
  summary: "show what is on the shelf",
  description: [
    "Every folder of the shelf, the newest first: backups with age, state, server, tables, rows and sizes, when they " +
    "were verified and drilled, and where copies are; unfinished folders and those of others are named as such. No key " +
    "is needed for encrypted ones. A narrow terminal shows fewer columns; --json has everything.",
    "SIZE is what the files hold; ON DISK is what the backup added, where files are shared with older ones.",
  ],
  positionals: [
    {
      name: "environment",
      summary: "only this environment; both is prod and staging (default: all)",
      completes: ["staging", "prod", "dev", "both", "all"],
    },
  ],
  options: LIST_OPTIONS,
  examples: [
    { line: "pgstrata list", does: "Everything in backups/." },
    { line: "pgstrata list --remote", does: "What every storage of pgstrata.json holds." },
    { line: "pgstrata list prod --dir /srv/backups", does: "The backups of prod on another shelf." },
    {
      line: `pgstrata list --json | jq -r '.backups[] | select(.verified == null) | .path'`,
      does: "Those that were never verified.",
    },
  ],
  load: () => loadRunner("list"),
});
