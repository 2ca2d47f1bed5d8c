import { systemClock, toPgstrataError } from "../lib/base/mod.ts";
import { type BackupResult, runBackup } from "../lib/backup/mod.ts";
import {
  isEnvironmentName,
  knownEnvironments,
  loadEnvironment,
  maskedTarget,
  type Target,
} from "../lib/connection/mod.ts";
import { type EncryptionKey, readEncryptionKey } from "../lib/crypt/mod.ts";
import { summaryText } from "../lib/report/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import { backupDocument, type BackupOutcome } from "./backup_document.ts";
import { type BACKUP_OPTIONS, ENVIRONMENT_WORDS } from "./commands/backup.ts";
import { type BackupRequest, backupRequest } from "./backup_request.ts";
import { envFileWarnings, roomCheck } from "./backup_checks.ts";
import { backupTargets } from "./backup_targets.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { Console } from "./console.ts";
import { loadConfig } from "./load_config.ts";
import { Notifier } from "./notify.ts";
import { noticePlan } from "./notify_plan.ts";
import { warnOfKeys } from "./crypt_setting.ts";
import { Progress } from "./progress.ts";
import { pruneAfterBackup } from "./prune_after_backup.ts";
import { type StepOutcome, writeStepSummary } from "./step_summary.ts";
import { printSummary } from "./print_summary.ts";
import { shelfName } from "./shelf_setting.ts";
import { snapshotsLeftOut } from "./snapshots_left_out.ts";
import { VERSION } from "./version.ts";
import { worstExit } from "./worst_exit.ts";

type Env = Readonly<Record<string, string>>;

/** How a backup is made; tests hand in another one. */
export type RunBackup = typeof runBackup;

/** `pgstrata backup`: each target in turn; a failure does not keep the next one from being backed up. */
export async function run(
  invocation: Invocation<typeof BACKUP_OPTIONS>,
  context: TaskContext,
  makeBackup: RunBackup = runBackup,
): Promise<number> {
  const { console } = context;
  const { env, warnings } = await loadEnvironment(context.cwd, context.env);
  const config = await loadConfig(context, env);
  const request = backupRequest(invocation, {
    config,
    isEnvironment: (word) => isEnvironmentName(word.toLowerCase(), env),
    environments: [...new Set([...ENVIRONMENT_WORDS, ...knownEnvironments(env)])],
    shelf: shelfName(context, env),
  });
  const encryption = request.encrypt ? await readEncryptionKey(env, { configured: config.recipients }) : undefined;
  if (encryption !== undefined && "passphrase" in encryption) console.hide([encryption.passphrase]);
  const notices = new Notifier({
    plan: noticePlan(invocation.options, config.notices, env, context.cwd),
    console,
    label: request.shared.label,
    shelf: request.shared.shelf,
  });
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  await notices.begin();
  const readInput = () => new Response(Deno.stdin.readable).text();
  const targets = () =>
    backupTargets(request, env, readInput).catch((thrown) => pageOfFailure(thrown, request, env, console));
  const found = await notices.guard(request.environment, targets, signal);
  console.hide(
    found.targets.flatMap(({ password, sslpassword }) =>
      [password, sslpassword].filter((secret) => secret !== undefined)
    ),
  );
  const said = [...warnings, ...await envFileWarnings(context.cwd), ...request.warnings, ...found.warnings];
  for (const warning of said) console.warn(warning);

  const outcomes: BackupOutcome[] = [];
  for (const target of found.targets) {
    const startedAt = systemClock.now();
    const outcome = await backUp(target, {
      request,
      context,
      env,
      signal,
      makeBackup,
      encryption,
    });
    outcomes.push(outcome);
    await finish(outcome, request, context, env);
    await notices.add(outcome, startedAt, signal);
    if (signal.aborted) break;
  }
  await notices.end(signal);
  const { shelf } = request.shared;
  const folders = outcomes.flatMap((outcome) => "result" in outcome ? [outcome.result.folder] : []);
  if (encryption !== undefined && folders.length > 0) await warnOfKeys(shelf, console);
  const pushed = request.push && !signal.aborted && folders.length > 0 ? await afterwards(folders, context, signal) : 0;
  const environments = sealed(outcomes);
  const pruned = request.prune && !signal.aborted && environments.length > 0
    ? await pruneAfterBackup({ shelf, policy: config.retention, environments, signal }, context)
    : null;
  if (context.json) console.document(backupDocument(outcomes, pruned));
  if (outcomes.length > 1) console.say(`\n${overview(outcomes)}`);
  // A backup that is not good says more than the refusal to prune after it.
  return worstExit(outcomes.map(exitOf)) || pushed || (pruned?.code ?? 0);
}

async function afterwards(folders: readonly string[], context: TaskContext, signal: AbortSignal): Promise<number> {
  const { pushAfterBackup } = await import("./push_after_backup.ts");
  return await pushAfterBackup(folders, context, signal);
}

/** Environments of which there is a new backup. */
function sealed(outcomes: readonly BackupOutcome[]): string[] {
  return outcomes.flatMap((outcome) => "result" in outcome ? [outcome.environment] : []);
}

interface BackupSetting {
  readonly request: BackupRequest;
  readonly context: TaskContext;
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly makeBackup: RunBackup;
  readonly encryption: EncryptionKey | undefined;
}

async function backUp(target: Target, setting: BackupSetting): Promise<BackupOutcome> {
  const { request, context, env, signal, makeBackup, encryption } = setting;
  const { environment } = target;
  const label = request.shared.label === null ? "" : `, label ${request.shared.label}`;
  context.console.say(`Backing up ${environment} (${maskedTarget(target)}${label})`);
  const progress = new Progress(environment, context, systemClock);
  const stopping = () => {
    progress.end();
    context.console.warn("stopping: PostgreSQL's programs are ended and the unfinished folder is removed");
  };
  signal.addEventListener("abort", stopping, { once: true });
  try {
    const result = await makeBackup({ ...request.shared, target, ...encryption === undefined ? {} : { encryption } }, {
      clock: systemClock,
      env,
      signal,
      onEvent: (event) => progress.tell(event),
      renderSummary: (manifest) =>
        summaryText(manifest, { restoreHint: request.restoreHint, ownCommand: canRestore(context) }),
      checkRoom: roomCheck(environment, request.shared, request.roomCheck),
      ...(request.withoutSnapshots ? { leaveOut: snapshotsLeftOut } : {}),
      version: VERSION,
    });
    return { environment, result };
  } catch (thrown) {
    progress.end();
    // A child that was ended by our signal fails with an error of its own: the interruption is the reason.
    const error = toPgstrataError(signal.aborted ? signal.reason : thrown);
    context.console.error(error);
    return { environment, error: context.console.errorDocument(error) };
  } finally {
    signal.removeEventListener("abort", stopping);
    progress.end();
  }
}

/** Says how one backup ended: to people, to standard output, to the job's summary page. */
async function finish(
  outcome: BackupOutcome,
  { restoreHint, encrypt }: BackupRequest,
  context: TaskContext,
  env: Env,
): Promise<void> {
  const { console } = context;
  if ("result" in outcome) {
    const { folder } = outcome.result;
    // The plain commands of the hint work only after it was opened.
    const hint = { restoreHint: restoreHint && !encrypt, ownCommand: canRestore(context) };
    if (!console.structured) printSummary(outcome.result, hint, context);
    if (encrypt) console.say(`Encrypted. To open it: pgstrata decrypt ${folder} --to FOLDER`);
    // The summary shows the folder too; on a terminal once is enough.
    if (!context.json && (console.quiet || !console.stdout.isTerminal)) console.result(folder);
  }
  const { environment } = outcome;
  const page = "result" in outcome
    ? { environment, manifest: outcome.result.manifest }
    : { environment, error: outcome.error };
  await writePage(page, env, restoreHint, console);
}

/** A job's page that says nothing looks like success: a secret that is not set fails before there is a target. */
async function pageOfFailure(thrown: unknown, request: BackupRequest, env: Env, console: Console): Promise<never> {
  const { source, environment, restoreHint } = request;
  const name = source.from === "environment" ? source.name ?? "staging" : environment;
  const error = console.errorDocument(toPgstrataError(thrown));
  await writePage({ environment: name, error }, env, restoreHint, console);
  throw thrown;
}

async function writePage(page: StepOutcome, env: Env, restoreHint: boolean, console: Console): Promise<void> {
  try {
    await writeStepSummary(page, env, { restoreHint });
  } catch (error) {
    // The backup is what it is, whether or not its page can be written.
    console.warn(`the job's summary page cannot be written: ${toPgstrataError(error).message}`);
  }
}

function exitOf(outcome: BackupOutcome): number {
  if ("error" in outcome) return outcome.error.exit;
  return isComplete(outcome.result) ? 0 : 3;
}

function isComplete({ manifest }: BackupResult): boolean {
  return manifest.status === "complete";
}

/** One line for each environment, after several. */
function overview(outcomes: readonly BackupOutcome[]): string {
  return outcomes.map((outcome) => {
    if ("error" in outcome) return `${outcome.environment}: FAILED (exit code ${outcome.error.exit})`;
    const { folder } = outcome.result;
    return `${outcome.environment}: ${isComplete(outcome.result) ? "complete" : "INCOMPLETE"}, ${folder}`;
  }).join("\n");
}

function canRestore({ commands }: TaskContext): boolean {
  return commands.some(({ name }) => name === "restore");
}
