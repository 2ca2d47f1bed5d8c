import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { type RetentionPolicy, ruleMatches } from "../lib/catalog/mod.ts";
import { knownEnvironments, loadEnvironment } from "../lib/connection/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { SCHEDULE_OPTIONS } from "./commands/schedule.ts";
import { loadConfig } from "./load_config.ts";
import { ownCommand, type RunningProgram, runningProgram } from "./own_command.ts";
import { cronBlock } from "./schedule_cron.ts";
import { installCron, installUnits, type RunProgram, runProgramWith } from "./schedule_install.ts";
import { type RunName, scheduledRuns } from "./schedule_plan.ts";
import { systemdUnits } from "./schedule_systemd.ts";
import { standingOptions } from "./standing_options.ts";

/** What `schedule` needs of the machine; tests hand in other things. */
export interface ScheduleDeps {
  readonly running?: RunningProgram;
  readonly runProgram?: RunProgram;
  /** Whether systemd runs here. */
  readonly hasSystemd?: boolean;
}

/** `pgstrata schedule`. */
export async function run(
  { positionals, options }: Invocation<typeof SCHEDULE_OPTIONS>,
  context: TaskContext,
  deps: ScheduleDeps = {},
): Promise<number> {
  const { console, cwd } = context;
  const { env } = await loadEnvironment(cwd, context.env);
  const config = await loadConfig(context, env);
  const environment = (positionals[0] ?? "staging").toLowerCase().replaceAll("_", "-");
  if (!/^[a-z0-9][a-z0-9-]*$/.test(environment)) {
    throw new PgstrataError(`Cannot schedule "${environment}": it is no name of an environment`, { code: "usage" });
  }
  const known = knownEnvironments(env);
  const environments = behind(environment, known);
  if (environment !== "both" && environment !== "all" && !known.includes(environment)) {
    console.warn(`no connection string of ${environment} is configured: its timers would fail until there is one`);
  }
  const runs = scheduledRuns({
    environment,
    environments,
    only: options.only,
    at: options.at,
    hasStorage: config.storage.length > 0,
    hasRecipients: config.recipients.age.length + config.recipients.gpg.length > 0,
    standing: standingOptions(context),
  });
  if (options.only.includes("monthly") && config.storage.length === 0) {
    console.warn("pgstrata.json names no storage: the monthly backup stays on this machine");
  }
  for (const warning of shortLived(options.only, environments, config.retention)) console.warn(warning);
  const command = ownCommand(options.command, deps.running ?? runningProgram());
  const setting = { command, folder: cwd };
  refuseLineBreaks([cwd, ...command, ...runs.flatMap(({ commands }) => commands.flat())]);
  const hasSystemd = deps.hasSystemd ?? await Deno.stat("/run/systemd/system").then(() => true, () => false);
  const form = options.form ?? (hasSystemd ? "systemd" : "cron");
  const units = form === "systemd" ? systemdUnits(runs, { ...setting, system: null }) : [];
  const block = form === "cron" ? cronBlock(runs, setting) : "";
  const text = form === "cron"
    ? block
    : units.map(({ name, text }) => `# ~/.config/systemd/user/${name}\n${text}`).join("\n");
  const files = form === "cron" ? [{ name: "crontab", text: block }] : units;
  if (!options.install) {
    if (context.json) console.document({ version: 1, command: "schedule", form, environment, files, installed: null });
    else console.result(text);
    return 0;
  }
  if (!options.yes) {
    console.result(text);
    throw new PgstrataError("Cannot install without a yes: this is what would be installed", {
      code: "refused",
      hint: "Run it again with --yes.",
    });
  }
  const runProgram = deps.runProgram ?? runProgramWith(context.env);
  const installed = form === "cron"
    ? await installCron(block, environment, runProgram)
    : await installUnits(units, userUnits(context.env), runProgram);
  for (const line of installed) console.say(line);
  if (form === "systemd") {
    console.say("Timers of a user run only while it is logged in, unless: loginctl enable-linger");
  }
  if (context.json) console.document({ version: 1, command: "schedule", form, environment, files, installed });
  return 0;
}

/** The environments of `both` and `all`; DECISIONS 22. */
function behind(environment: string, known: readonly string[]): readonly string[] {
  if (environment === "both") return ["prod", !known.includes("staging") && known.includes("dev") ? "dev" : "staging"];
  if (environment !== "all") return [environment];
  if (known.length > 0) return known;
  throw new PgstrataError('Cannot schedule "all": no environment is configured', {
    code: "usage",
    hint: "Set DATABASE_URL_<NAME> in .env first: drills and pushes are written down for each of them.",
  });
}

/** Rules under which `--prune` of the daily run throws away what the other runs made, within days. */
function shortLived(
  only: readonly RunName[],
  environments: readonly string[],
  { rules }: RetentionPolicy,
): readonly string[] {
  if (!only.includes("daily")) return [];
  const labels = (["weekly", "monthly"] as const).filter((label) =>
    only.includes(label) && environments.some((environment) => {
      const rule = rules.find((one) => ruleMatches(one, environment, label));
      return rule?.keepLast !== undefined && Object.keys(rule).join() === "keepLast";
    })
  );
  if (labels.length === 0) return [];
  return [
    `the daily run throws away ${labels.join(" and ")} backups when they are no longer among the newest: ` +
    'write {"retention": {"policy": "kinds"}} into pgstrata.json to keep them longer',
  ];
}

/** A line break in a path would end the line of the crontab or of the unit. */
function refuseLineBreaks(words: readonly string[]): void {
  const word = words.find((one) => /[\n\r]/.test(one));
  if (word === undefined) return;
  throw new PgstrataError("Cannot schedule: a path has a line break in it, which crontabs and units cannot hold", {
    code: "usage",
    context: { path: JSON.stringify(word) },
    hint: "Rename the folder, or name another one with --dir.",
  });
}

/** The folder of a user's own units (systemd.unit(5)). */
function userUnits(env: Readonly<Record<string, string>>): string {
  const base = env["XDG_CONFIG_HOME"] || (env["HOME"] ? join(env["HOME"], ".config") : undefined);
  if (base !== undefined) return join(base, "systemd", "user");
  throw new PgstrataError("Cannot install the timers: HOME is not set", {
    code: "usage",
    hint: "Set HOME, or use --form cron.",
  });
}
