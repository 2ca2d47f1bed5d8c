import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `pull`. */
export const PULL_OPTIONS = {
  from: {
    kind: "list",
    value: "STORAGE",
    summary: "A name of pgstrata.json, s3://BUCKET/PREFIX or file:///FOLDER; the first that has it (default: all)",
  },
  jobs: { kind: "integer", short: "j", min: 1, max: 64, default: "4", summary: "Requests at the same time" },
} as const satisfies OptionTable;

/** `pgstrata pull`. */
export const pull: Command = defineCommand({
  name: "pull",
  summary: "bring a backup back from cold storage",
  description: [
    "Brings every file, checks it against its hash, and publishes the whole by one rename: what stands on the shelf " +
    "afterwards is a sealed backup, or nothing. A pull that broke is gone on with, the middle of a file too.",
    "An encrypted backup is brought as it is: no key is needed.",
  ],
  positionals: [
    { name: "backup", summary: "its name as list --remote shows it, latest (default), or latest:ENV" },
  ],
  options: PULL_OPTIONS,
  examples: [
    { line: "pgstrata pull latest:prod --from s3", does: "The newest stored backup of prod." },
    { line: "pgstrata pull 20260304_050607_prod --dir /srv/restore", does: "That one, onto another shelf." },
  ],
  load: () => loadRunner("pull"),
});
