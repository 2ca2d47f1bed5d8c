import type { OptionTable } from "../command.ts";

/** Options of commands that tell others how they ended. */
export const NOTICE_OPTIONS = {
  ping: {
    kind: "string",
    value: "URL",
    group: "Who is told",
    summary: "Ping URL/start, then URL or URL/fail, as healthchecks.io has it; PGSTRATA_PING_URL does the same",
  },
  webhook: {
    kind: "list",
    value: "URL",
    group: "Who is told",
    summary: "Post how it ended: Slack and Discord by their addresses, JSON elsewhere",
  },
  "webhook-env": {
    kind: "list",
    value: "NAME",
    group: "Who is told",
    summary: "The same; the variable holds the address, which is a secret at Slack and Discord",
  },
  "webhook-form": {
    kind: "choice",
    choices: ["auto", "json", "slack", "discord"],
    default: "auto",
    group: "Who is told",
    summary: "Form of the messages, for receivers that understand Slack's or Discord's",
  },
  "metrics-file": {
    kind: "string",
    value: "FILE",
    group: "Who is told",
    summary: "Write Prometheus metrics for node_exporter's textfile collector; the name should end in .prom",
  },
} as const satisfies OptionTable;
