import { resolve } from "@std/path";
import { PgstrataError, systemClock, toPgstrataError } from "../lib/base/mod.ts";
import { type Config, CONFIG_FILE, parseConfig } from "../lib/catalog/mod.ts";
import { knownEnvironments, loadEnvironment, resolveTargets, type Target } from "../lib/connection/mod.ts";
import {
  type Check,
  clientsCheck,
  envFileChecks,
  type Examination,
  examine,
  keyChecks,
  type NetworkDeps,
  ok,
  problemOf,
  runGit,
  shelfChecks,
  storageChecks,
} from "../lib/doctor/mod.ts";
import { findToolSets, type ToolSet } from "../lib/postgres/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import { backupTargets } from "./backup_targets.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { DOCTOR_OPTIONS } from "./commands/doctor.ts";
import { doctorDocument } from "./doctor_document.ts";
import { recipientProbe, storageProbe } from "./doctor_probes.ts";
import { doctorText } from "./doctor_text.ts";
import { loadConfig } from "./load_config.ts";
import { shelfName } from "./shelf_setting.ts";
import { usage } from "./usage_error.ts";

type DoctorInvocation = Invocation<typeof DOCTOR_OPTIONS>;
type Env = Readonly<Record<string, string>>;

/** `pgstrata doctor`. */
export async function run(
  invocation: DoctorInvocation,
  context: TaskContext,
  deps: NetworkDeps = {},
): Promise<number> {
  const { console, cwd } = context;
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const { env, warnings } = await loadEnvironment(cwd, context.env);
  const folder = resolve(cwd, shelfName(context, env));
  const found = await targetsOf(invocation, env);
  console.hide(
    found.targets.flatMap(({ password, sslpassword }) =>
      [password, sslpassword].filter((secret) => secret !== undefined)
    ),
  );

  const [only = null] = found.targets.length === 1 ? found.targets : [];
  const environments = [
    ...new Set([...knownEnvironments(env), ...found.targets.map(({ environment }) => environment)]),
  ];
  const tools = await toolsOf(env);
  const config = await configOf(context, env);
  const shelf = await shelfChecks(folder, only?.environment ?? null);
  const general = [
    ...await envFileChecks({ folder: cwd, shelf: folder, warnings, environments, git: runGit }),
    config.check,
    ...tools.checks,
    ...shelf.checks,
    ...await storageChecks(config.config.storage, storageProbe(env)),
    ...await keyChecks(config.config.recipients, recipientProbe()),
  ];
  const examined: Examination[] = found.failed.map((each) => withTrueCause(each, general));
  for (const target of found.targets) {
    if (signal.aborted) break;
    const examination = await examine({
      target,
      tools: tools.found,
      folder,
      shelf: shelf.shelf,
      config: config.config,
      now: systemClock.now(),
      jobs: invocation.options.jobs ?? Math.max(2, Math.min(navigator.hardwareConcurrency, 4)),
      maxAge: invocation.options["max-age"] ?? null,
    }, { ...deps, signal });
    examined.push(tools.unusable === null ? examination : withUnusableTools(examination, tools.unusable));
  }
  signal.throwIfAborted();
  const document = doctorDocument(general, examined);
  if (context.json) console.result(console.mask(JSON.stringify(document, null, 2)));
  else {
    const layout = { columns: console.stdout.columns(), paint: console.resultPaint, quiet: console.quiet };
    console.result(console.mask(doctorText(document, layout)));
  }
  return document.ok ? 0 : 3;
}

interface Found {
  readonly targets: readonly Target[];
  /** Environments that are named or configured, but not rightly. */
  readonly failed: readonly Examination[];
}

/** The targets to look at. What is wrong with a connection string is a finding, not an end. */
async function targetsOf({ positionals, options }: DoctorInvocation, env: Env): Promise<Found> {
  const [positional] = positionals;
  if (positional !== undefined && options.env !== undefined) {
    throw usage("Cannot run doctor: the environment is given twice", ["doctor"]);
  }
  const name = (positional ?? options.env)?.toLowerCase();
  const { url, "url-env": variable } = options;
  if (url !== undefined && variable !== undefined) {
    throw usage("Cannot run doctor: --url and --url-env name two databases", ["doctor"], "Give one of them.");
  }
  if (url === undefined && variable === undefined) {
    return collect(namesOf(name, env), (each) => resolveTargets(each, env));
  }
  const source = variable !== undefined
    ? { from: "variable", variable } as const
    : url === "-"
    ? { from: "stdin" } as const
    : { from: "url", url: url ?? "" } as const;
  const environment = name ?? "url";
  try {
    const { targets } = await backupTargets(
      { source, environment },
      env,
      () => new Response(Deno.stdin.readable).text(),
    );
    return { targets, failed: [] };
  } catch (error) {
    return { targets: [], failed: [failedTarget(environment, error)] };
  }
}

/** A URL that an unquoted `#` has cut is wrong in some other way, too: the cut is what must be mended. */
function withTrueCause(failed: Examination, general: readonly Check[]): Examination {
  const cut = general.filter(({ name }) => name === "env_file_quotes");
  const checks = failed.checks.map((check) => {
    const cause = cut.find(({ message }) => check.message.includes(`${/value of (\w+)/.exec(message)?.[1]}:`));
    return cause === undefined ? check : { ...check, fix: cause.fix };
  });
  return { ...failed, checks };
}

/** Programs that were named and cannot be used are what must be mended: not that there are none of the version. */
function withUnusableTools(examination: Examination, { message, fix }: Check): Examination {
  const checks = examination.checks.map((check) =>
    check.name === "client_version" && check.state === "problem" ? { ...check, message, fix } : check
  );
  return { ...examination, checks };
}

/** Environments by a name; all that are configured without one. */
function namesOf(name: string | undefined, env: Env): string[] {
  const known = knownEnvironments(env);
  if (name === "both") return ["prod", !known.includes("staging") && known.includes("dev") ? "dev" : "staging"];
  return name === undefined || name === "all" ? known : [name];
}

function collect(names: readonly string[], targetsOfName: (name: string) => readonly Target[]): Found {
  const targets: Target[] = [];
  const failed: Examination[] = [];
  for (const name of names) {
    try {
      targets.push(...targetsOfName(name));
    } catch (error) {
      failed.push(failedTarget(name, error));
    }
  }
  return { targets, failed };
}

function failedTarget(environment: string, thrown: unknown): Examination {
  const error = toPgstrataError(thrown);
  if (error.code !== "usage") throw error;
  return { environment, checks: [problemOf("url", error)], skipped: ["dns", "route", "login", "the database"] };
}

/** PostgreSQL's programs that are here. */
interface Tools {
  readonly found: readonly ToolSet[];
  readonly checks: readonly Check[];
  /** Why those that `PGSTRATA_PG_BIN` names cannot be used. */
  readonly unusable: Check | null;
}

async function toolsOf(env: Env): Promise<Tools> {
  try {
    const found = await findToolSets({ env, need: ["pg_dump", "pg_dumpall", "pg_restore"] });
    return { found, checks: [clientsCheck(found)], unusable: null };
  } catch (error) {
    if (error instanceof PgstrataError) {
      const unusable = problemOf("clients", error);
      return { found: [], checks: [unusable], unusable };
    }
    throw error;
  }
}

async function configOf(
  context: TaskContext,
  env: Env,
): Promise<{ readonly config: Config; readonly check: Check }> {
  const path = resolve(context.cwd, context.config ?? (env["PGSTRATA_CONFIG"] || CONFIG_FILE));
  try {
    const config = await loadConfig(context, env);
    const isThere = await Deno.stat(path).then(() => true, () => false);
    return { config, check: ok("config", isThere ? `${path} is well-formed` : `there is no ${path}: defaults hold`) };
  } catch (error) {
    if (error instanceof PgstrataError) return { config: parseConfig("{}"), check: problemOf("config", error) };
    throw error;
  }
}
