import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `schedule`. */
export const SCHEDULE_OPTIONS = {
  form: {
    kind: "choice",
    choices: ["systemd", "cron"],
    group: "What is written",
    summary: "Units of systemd, or lines of a crontab (default: systemd where it is there)",
  },
  only: {
    kind: "list",
    separated: true,
    choices: ["daily", "weekly", "monthly", "quarterly", "pre-release"],
    default: "daily,weekly,monthly,quarterly,pre-release",
    group: "What is written",
    summary: "Which runs",
  },
  at: {
    kind: "string",
    value: "HH:MM",
    default: "02:17",
    group: "What is written",
    summary: "When the daily run begins, by this machine's clock; the others follow an hour later each",
  },
  command: {
    kind: "string",
    value: "COMMAND",
    group: "What is written",
    summary: "How pgstrata is called (default: as it is now)",
  },
  install: {
    kind: "flag",
    group: "Installing",
    summary: "Install them for this user instead of printing them; shows what it would do, and does it with --yes",
  },
  yes: { kind: "flag", short: "y", group: "Installing", summary: "Really install" },
} as const satisfies OptionTable;

/** `pgstrata schedule`. */
export const schedule: Command = defineCommand({
  name: "schedule",
  summary: "print or install timers: daily, weekly, monthly, a drill",
  description: [
    "Prints units of systemd, or lines of a crontab: a daily backup with pruning; a weekly full and schema-only one; a " +
    "monthly one that goes to cold storage, encrypted where pgstrata.json names recipients; a drill every quarter; and " +
    "a backup before releases that is started by hand.",
    "With --install they are written for this user: ~/.config/systemd/user, or the user's crontab. Files of the same name " +
    "with other content are left alone, and named.",
  ],
  positionals: [{ name: "environment", summary: "the environment (default: staging)" }],
  options: SCHEDULE_OPTIONS,
  examples: [
    { line: "pgstrata schedule prod", does: "Prints all of them." },
    { line: "pgstrata schedule prod --form cron --only daily,weekly", does: "Two lines for a crontab." },
    { line: "pgstrata schedule prod --install --yes", does: "Installs and starts the timers of this user." },
    { line: "systemctl --user start pgstrata-prod-pre-release", does: "Afterwards: the backup before a release." },
  ],
  load: () => loadRunner("schedule"),
});
