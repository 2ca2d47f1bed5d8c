import type { OptionTable } from "./command.ts";

/** Options of every command; they may stand before or after the command's name. */
export const GLOBAL_OPTIONS = {
  dir: {
    kind: "string",
    value: "DIR",
    group: "Everywhere",
    summary: "Folder that holds the backups (default: PGSTRATA_DIR, else backups)",
  },
  config: {
    kind: "string",
    value: "FILE",
    group: "Everywhere",
    summary: "Configuration (default: PGSTRATA_CONFIG, else pgstrata.json here)",
  },
  json: { kind: "flag", group: "Everywhere", summary: "Print the result as one JSON document" },
  "log-json": { kind: "flag", group: "Everywhere", summary: "Log to standard error as JSON, one object a line" },
  quiet: { kind: "flag", short: "q", group: "Everywhere", summary: "Say nothing but warnings and errors" },
  verbose: { kind: "flag", short: "v", group: "Everywhere", summary: "Say more: a line for every table" },
  debug: { kind: "flag", group: "Everywhere", summary: "Show where an error comes from" },
  help: { kind: "flag", short: "h", group: "Everywhere", summary: "Show this help" },
  version: { kind: "flag", short: "V", group: "Everywhere", summary: "Show the versions of all that works here" },
} as const satisfies OptionTable;
