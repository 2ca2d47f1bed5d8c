import { PgstrataError } from "../lib/base/mod.ts";

/** The runs that can be scheduled. */
export type RunName = "daily" | "weekly" | "monthly" | "quarterly" | "pre-release";

/** A run and when it happens. */
export interface ScheduledRun {
  readonly name: RunName;
  readonly environment: string;
  /** For people. */
  readonly description: string;
  /** Arguments of pgstrata, one list for each command; the next only runs when the one before was good. */
  readonly commands: readonly (readonly string[])[];
  /** Null: started by hand. */
  readonly when: { readonly calendar: string; readonly cron: string } | null;
}

/** What decides the runs. */
export interface ScheduleOptions {
  readonly environment: string;
  /** Those behind `both` and `all`: `latest:both` is no backup. Default: the one named. */
  readonly environments?: readonly string[];
  readonly only: readonly RunName[];
  /** `HH:MM`. */
  readonly at: string;
  /** Whether there is cold storage, and somebody to encrypt for. */
  readonly hasStorage: boolean;
  readonly hasRecipients: boolean;
  /** Options of every command. */
  readonly standing?: readonly string[];
}

/**
 * The runs of an environment: labels are those that the retention policy `kinds` goes by.
 *
 * @throws {PgstrataError} code `usage` for a time that is none
 */
export function scheduledRuns(options: ScheduleOptions): ScheduledRun[] {
  const { environment, hasStorage, hasRecipients, standing = [] } = options;
  const [hour, minute] = timeOf(options.at);
  const when = (later: number, days: string, cron: string) => {
    const at = (hour + later) % 24;
    const clock = `${String(at).padStart(2, "0")}:${String(minute).padStart(2, "0")}:00`;
    return { calendar: `${days} ${clock}`, cron: `${minute} ${at} ${cron}` };
  };
  const latest = (options.environments ?? [environment]).map((each) => `latest:${each}`);
  const run = (
    name: RunName,
    description: string,
    at: ScheduledRun["when"],
    ...commands: string[][]
  ): ScheduledRun => ({
    name,
    environment,
    description,
    commands: commands.map((words) => [...words, "--quiet", ...standing]),
    when: at,
  });
  const runs = [
    run("daily", `daily backup of ${environment}`, when(0, "*-*-*", "* * *"), [
      "backup",
      environment,
      "daily",
      "--prune",
    ]),
    run(
      "weekly",
      `weekly full and schema-only backup of ${environment}`,
      when(1, "Sun *-*-*", "* * 0"),
      // The one without rows first: retention judges by the newest, which must hold data.
      ["backup", environment, "weekly-schema", "--schema-only"],
      ["backup", environment, "weekly"],
    ),
    run(
      "monthly",
      `monthly backup of ${environment} for long-term storage`,
      when(3, "*-*-01", "1 * *"),
      ["backup", environment, "monthly"],
      ...hasRecipients ? latest.map((backup) => ["encrypt", backup]) : [],
      ...hasStorage ? latest.map((backup) => ["push", backup]) : [],
    ),
    run(
      "quarterly",
      `drill: restores the newest backup of ${environment}`,
      // Before the monthly backup of the same day, which may be encrypted for a key that is not on this machine.
      when(2, "*-01,04,07,10-01", "1 1,4,7,10 *"),
      ...latest.map((backup) => ["verify", backup, "--drill"]),
    ),
    run(
      "pre-release",
      `backup of ${environment} before a release`,
      null,
      ["backup", environment, "pre-upgrade"],
      ...latest.map((backup) => ["verify", backup]),
    ),
  ];
  return runs.filter(({ name }) => options.only.includes(name));
}

function timeOf(text: string): readonly [hour: number, minute: number] {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hour === undefined || minute === undefined || Number(hour) > 23 || Number(minute) > 59) {
    throw new PgstrataError(`Cannot read --at: "${text}" is no time of day`, {
      code: "usage",
      hint: "Write HH:MM, such as 02:17.",
    });
  }
  return [Number(hour), Number(minute)];
}
