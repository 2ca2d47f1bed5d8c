import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";
import { ENVIRONMENT_WORDS } from "./backup.ts";

/** Options of `doctor`. */
export const DOCTOR_OPTIONS = {
  env: { kind: "string", value: "NAME", group: "Which database", summary: "The environment, instead of the argument" },
  url: {
    kind: "string",
    value: "URL",
    group: "Which database",
    summary: "A one-off connection string; - reads it from standard input, which keeps it out of process lists",
  },
  "url-env": {
    kind: "string",
    value: "NAME",
    group: "Which database",
    summary: "The variable that holds the connection string",
  },
  jobs: {
    kind: "integer",
    short: "j",
    min: 1,
    max: 256,
    group: "What it goes by",
    summary: "Parallel readers the server must have room for (default: as backup chooses them)",
  },
  "max-age": {
    kind: "duration",
    group: "What it goes by",
    summary: "How old the newest backup may be, such as 26h (default: 26h warns, 8d is a problem)",
  },
} as const satisfies OptionTable;

/** `pgstrata doctor`. */
export const doctor: Command = defineCommand({
  name: "doctor",
  summary: "find what would keep backups from working, and how to mend it",
  description: [
    "Looks at .env, the connection string, DNS, route, TLS, login, versions, privileges, extensions, connections, locks, " +
    "size and room, and at the shelf: age and state of the newest backup, the last drill, retention, storage and keys. " +
    "Nothing is changed. Each finding that is not ok comes with what to do, as a command where there is one.",
    "It goes as far as it can: when the database cannot be reached, the layer that fails explains itself, and the shelf " +
    "is looked at all the same. Without an environment all that are configured are looked at.",
    "Exit code 0 without problems (warnings are allowed), 3 with any.",
  ],
  positionals: [{
    name: "environment",
    summary: "staging, prod, dev, both, all, or NAME where DATABASE_URL_NAME is set (default: all)",
    completes: ENVIRONMENT_WORDS,
  }],
  options: DOCTOR_OPTIONS,
  examples: [
    { line: "pgstrata doctor", does: "Everything that is configured." },
    { line: "pgstrata doctor prod --max-age 26h", does: "For monitoring: a problem once the last backup is too old." },
    {
      line: "pgstrata doctor prod --json | jq -r '.environments[].checks[] | select(.state != \"ok\") | .fix'",
      does: "What to do, and nothing else.",
    },
  ],
  load: () => loadRunner("doctor"),
});
