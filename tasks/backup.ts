import { systemClock, toPgstrataError } from "../lib/base/mod.ts";
import { type BackupResult, runBackup } from "../lib/backup/mod.ts";
import {
  isEnvironmentName,
  knownEnvironments,
  loadEnvironment,
  maskedTarget,
  type Target,
} from "../lib/connection/mod.ts";
import { summaryText } from "../lib/report/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import { backupDocument, type BackupOutcome } from "./backup_document.ts";
import { type BACKUP_OPTIONS, ENVIRONMENT_WORDS } from "./commands/backup.ts";
import { type BackupRequest, backupRequest } from "./backup_request.ts";
import { backupTargets } from "./backup_targets.ts";
import type { Invocation, TaskContext } from "./command.ts";
import { Progress } from "./progress.ts";
import { writeStepSummary } from "./step_summary.ts";
import { printSummary } from "./print_summary.ts";
import { VERSION } from "./version.ts";
import { worstExit } from "./worst_exit.ts";

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
  const request = backupRequest(invocation, {
    isEnvironment: (word) => isEnvironmentName(word.toLowerCase(), env),
    environments: [...new Set([...ENVIRONMENT_WORDS, ...knownEnvironments(env)])],
    shelf: context.dir ?? (env["PGSTRATA_DIR"] || "backups"),
  });
  const found = await backupTargets(request, env, () => new Response(Deno.stdin.readable).text());
  console.hide(
    found.targets.flatMap(({ password, sslpassword }) =>
      [password, sslpassword].filter((secret) => secret !== undefined)
    ),
  );
  for (const warning of [...warnings, ...request.warnings, ...found.warnings]) console.warn(warning);

  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const outcomes: BackupOutcome[] = [];
  for (const target of found.targets) {
    const outcome = await backUp(target, {
      request,
      context,
      env,
      signal,
      makeBackup,
    });
    outcomes.push(outcome);
    await finish(outcome, request, context, env);
    if (signal.aborted) break;
  }
  if (context.json) console.document(backupDocument(outcomes));
  if (outcomes.length > 1) console.say(`\n${overview(outcomes)}`);
  return worstExit(outcomes.map(exitOf));
}

interface BackupSetting {
  readonly request: BackupRequest;
  readonly context: TaskContext;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly makeBackup: RunBackup;
}

async function backUp(target: Target, setting: BackupSetting): Promise<BackupOutcome> {
  const { request, context, env, signal, makeBackup } = setting;
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
    const result = await makeBackup({ ...request.shared, target }, {
      clock: systemClock,
      env,
      signal,
      onEvent: (event) => progress.tell(event),
      renderSummary: (manifest) =>
        summaryText(manifest, { restoreHint: request.restoreHint, ownCommand: canRestore(context) }),
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
  { restoreHint }: BackupRequest,
  context: TaskContext,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { console } = context;
  if ("result" in outcome) {
    printSummary(outcome.result, { restoreHint, ownCommand: canRestore(context) }, context);
    // The summary shows the folder too; on a terminal once is enough.
    if (!context.json && (console.quiet || !console.stdout.isTerminal)) console.result(outcome.result.folder);
  }
  const { environment } = outcome;
  const page = "result" in outcome
    ? { environment, manifest: outcome.result.manifest }
    : { environment, error: outcome.error };
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
