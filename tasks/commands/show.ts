import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `show`. */
export const SHOW_OPTIONS = {} as const satisfies OptionTable;

/** `pgstrata show`. */
export const show: Command = defineCommand({
  name: "show",
  summary: "show one backup: contents, history, how long it stays",
  description: [
    "State, room, copies and history of a backup, what the rules in force make of it and why, then its summary: " +
    "schemas, tables, files, what is missing, how to restore. --verbose lists every table.",
  ],
  positionals: [
    {
      name: "backup",
      summary: "a folder, its name as list shows it, latest, or latest:ENV",
      required: true,
      completes: "folder",
    },
  ],
  options: SHOW_OPTIONS,
  examples: [
    { line: "pgstrata show latest", does: "The newest backup of all." },
    { line: "pgstrata show latest:prod", does: "The newest of prod." },
    { line: "pgstrata show 20260304_050607_prod --json | jq .retention", does: "What the rules make of it." },
  ],
  load: () => loadRunner("show"),
});
