import { shellWord } from "../lib/report/mod.ts";
import type { ScheduledRun } from "./schedule_plan.ts";

/** Where lines of a crontab run. */
export interface CronSetting {
  readonly command: readonly string[];
  /** Folder with `.env` and `pgstrata.json`. */
  readonly folder: string;
}

const begin = (environment: string) => `# pgstrata ${environment}: begin`;
const end = (environment: string) => `# pgstrata ${environment}: end`;

/** The lines for an environment, between two marks; cron mails what they say: warnings and errors. */
export function cronBlock(runs: readonly ScheduledRun[], setting: CronSetting): string {
  const [first] = runs;
  if (first === undefined) return "";
  const lines = runs.flatMap((run) => {
    const line = cronCommand(run, setting);
    return run.when === null
      ? [`# ${run.description}, by hand:`, `#   ${line}`]
      : [`# ${run.description}`, `${run.when.cron} ${line.replaceAll("%", "\\%")}`];
  });
  return `${[begin(first.environment), ...lines, end(first.environment)].join("\n")}\n`;
}

/** A crontab with an environment's block in it, in place of an older one. */
export function withCronBlock(crontab: string, environment: string, block: string): string {
  const lines = crontab === "" ? [] : crontab.replace(/\n$/, "").split("\n");
  const from = lines.indexOf(begin(environment));
  const to = lines.indexOf(end(environment), from);
  const kept = from === -1 || to === -1 ? lines : [...lines.slice(0, from), ...lines.slice(to + 1)];
  return `${[...kept, ...block.replace(/\n$/, "").split("\n")].join("\n")}\n`;
}

/** Several calls share a shell function: cron refuses a command of more than 999 characters (MAX_COMMAND). */
function cronCommand(run: ScheduledRun, { command, folder }: CronSetting): string {
  const own = command.map(shellWord).join(" ");
  // cron mails whatever is printed: results (the folder) every night would hide the night without one.
  const sink = run.when === null ? "" : " > /dev/null";
  const isShared = run.commands.length > 1;
  const shared = isShared ? [`run() { ${own} "$@"${sink}; }`] : [];
  const calls = run.commands.map((words) =>
    isShared ? ["run", ...words.map(shellWord)].join(" ") : `${[own, ...words.map(shellWord)].join(" ")}${sink}`
  );
  return [`cd ${shellWord(folder)}`, ...shared, ...calls].join(" && ");
}
