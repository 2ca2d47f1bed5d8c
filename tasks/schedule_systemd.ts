import type { ScheduledRun } from "./schedule_plan.ts";

/** Where units run. */
export interface UnitSetting {
  /** How pgstrata is called; the first word is an absolute path. */
  readonly command: readonly string[];
  /** Folder with `.env` and `pgstrata.json`. */
  readonly folder: string;
  /** For the system's manager: the user it runs as, and the only folder it may write. Null: for a user's own manager. */
  readonly system: { readonly user: string; readonly writable: string } | null;
}

/** A file of systemd. */
export interface Unit {
  readonly name: string;
  readonly text: string;
}

const HEAD = "# Written by pgstrata; yours to change.\n";

/** Name of a run's units, without suffix. */
export function unitName({ environment, name }: Pick<ScheduledRun, "environment" | "name">): string {
  return `pgstrata-${environment}-${name}`;
}

/** A service for each run, and a timer for those that have a time. */
export function systemdUnits(runs: readonly ScheduledRun[], setting: UnitSetting): Unit[] {
  return runs.flatMap((run) => {
    const service = { name: `${unitName(run)}.service`, text: serviceText(run, setting) };
    return run.when === null
      ? [service]
      : [service, { name: `${unitName(run)}.timer`, text: timerText(run, run.when.calendar) }];
  });
}

function serviceText(run: ScheduledRun, { command, folder, system }: UnitSetting): string {
  const network = system === null ? [] : ["Wants=network-online.target", "After=network-online.target"];
  // A backup reads .env and writes the shelf: nothing else of the machine is its business.
  const fence = system === null ? [] : [
    `User=${system.user}`,
    "ProtectSystem=strict",
    `ReadWritePaths=${systemdWord(`-${system.writable}`)}`,
    "PrivateTmp=yes",
  ];
  return `${HEAD}${
    [
      "[Unit]",
      `Description=pgstrata: ${run.description}`,
      ...network,
      "",
      "[Service]",
      "Type=oneshot",
      `WorkingDirectory=${folder.replaceAll("%", "%%")}`,
      ...run.commands.map((words) => `ExecStart=${[...command, ...words].map(systemdWord).join(" ")}`),
      "UMask=0077",
      "Nice=10",
      "NoNewPrivileges=yes",
      ...fence,
    ].join("\n")
  }\n`;
}

function timerText(run: ScheduledRun, calendar: string): string {
  return `${HEAD}${
    [
      "[Unit]",
      `Description=pgstrata: ${run.description}`,
      "",
      "[Timer]",
      `OnCalendar=${calendar}`,
      "RandomizedDelaySec=10min",
      // A machine that was off does it when it is on again.
      "Persistent=true",
      "",
      "[Install]",
      "WantedBy=timers.target",
    ].join("\n")
  }\n`;
}

/** A word of a command line in a unit: systemd's quoting (systemd.service(5), "Command lines"). */
export function systemdWord(word: string): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@+=:,./%$-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
