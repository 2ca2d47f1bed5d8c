import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `report`. */
export const REPORT_OPTIONS = {
  env: { kind: "string", value: "NAME", summary: "The environment, instead of the argument" },
  output: {
    kind: "string",
    short: "o",
    value: "FILE",
    summary: "Where the page goes (default: report.html on the shelf); - prints it",
  },
  difference: {
    kind: "flag",
    default: true,
    summary: "Leave out what changed between the newest backup and the one before",
  },
} as const satisfies OptionTable;

/** `pgstrata report`. */
export const report: Command = defineCommand({
  name: "report",
  summary: "draw the shelf as one HTML page that needs no network",
  description: [
    "Backups over time with size by tier, duration and speed; days without a backup and failed runs; growth by schema " +
    "and table; a map of what the newest backup holds; what changed since the one before; what was verified and " +
    "drilled; what retention will do; commands to restore, to copy. Light and dark, printable, usable with keyboard " +
    "and screen reader.",
    "The page is one file: no network, no tracking. It names databases and tables: keep it as private as the backups.",
  ],
  positionals: [
    {
      name: "environment",
      summary: "only this environment; both is prod and staging (default: all)",
      completes: ["staging", "prod", "dev", "both", "all"],
    },
  ],
  options: REPORT_OPTIONS,
  examples: [
    { line: "pgstrata report", does: "Writes backups/report.html." },
    { line: "pgstrata report prod --output prod.html", does: "Only prod, to another place." },
    { line: "pgstrata report --no-difference --json | jq -r .file", does: "Faster; where it is, for programs." },
  ],
  load: () => loadRunner("report"),
});
