import { join, resolve } from "@std/path";
import { compactTimestamp, PgstrataError, systemClock, toPgstrataError } from "../lib/base/mod.ts";
import {
  findBackup,
  type FoundBackup,
  holdBackup,
  SAFETY_LABEL,
  SHELF_META,
  type UsableEntry,
} from "../lib/catalog/mod.ts";
import { type EncryptionKey, readEncryptionKey } from "../lib/crypt/mod.ts";
import { loadEnvironment, maskedTarget, resolveTargets, type Target } from "../lib/connection/mod.ts";
import { refuseProduction, RestoreError, type RestoreReport, runRestore, UNTOUCHED } from "../lib/restore/mod.ts";
import { Interruption, makeFolder, writeFileAtomic } from "../lib/system/mod.ts";
import { backupTargets } from "./backup_targets.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { RESTORE_OPTIONS } from "./commands/restore.ts";
import { loadConfig } from "./load_config.ts";
import { openBackup } from "./open_backup.ts";
import { READ_OPTIONS } from "./read_backups.ts";
import { type Ask, askAtTerminal, askUnless, confirmRestore } from "./restore_confirm.ts";
import { type PartsSetting, type RestoreParts, restoreParts } from "./restore_deps.ts";
import { type RestoreRequest, restoreRequest } from "./restore_request.ts";
import { RestoreProgress } from "./restore_progress.ts";
import { reportText } from "./restore_text.ts";

/** What `restore` needs besides its arguments; tests hand in others. */
export interface RestoreTaskDeps {
  readonly restore: typeof runRestore;
  readonly parts: (setting: PartsSetting) => RestoreParts;
  readonly ask: Ask;
}

const DEPS: RestoreTaskDeps = { restore: runRestore, parts: restoreParts, ask: askAtTerminal };

/** `pgstrata restore`. */
export async function run(
  invocation: Invocation<typeof RESTORE_OPTIONS>,
  context: TaskContext,
  deps: RestoreTaskDeps = DEPS,
): Promise<number> {
  const { console } = context;
  const { env, warnings } = await loadEnvironment(context.cwd, context.env);
  const request = restoreRequest(invocation);
  const target = await findTarget(request, env, context, warnings);
  const named = context.dir ?? (env["PGSTRATA_DIR"] || undefined);
  const usual = resolve(context.cwd, named ?? "backups");
  const { entry, shelf } = await findWanted(usual, request.backup, context);
  // A command copied into another folder's terminal: the safety backup goes where the backup is.
  const shelfFolder = named === undefined && !await Deno.stat(usual).catch(() => null) ? shelf.folder : usual;
  const id = backupIdOf(entry);
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  if (!request.allowProduction) await guardProduction(target, env, signal);
  using _held = await holdBackup(shelf.folder, id).catch(() => null);
  await using opened = await openBackup(entry, env, systemClock, context, signal);
  const { folder } = opened;
  console.say(`Restoring ${entry.path} into ${target.environment} (${maskedTarget(target)})`);
  const encryption = entry.kind === "encrypted" ? await safetyKey(env, context) : undefined;
  const parts = deps.parts({
    env,
    signal,
    shelf: shelfFolder,
    context,
    ...encryption === undefined ? {} : { encryption },
  });
  using progress = new RestoreProgress(context, systemClock);
  try {
    const report = await deps.restore({ ...request.options, folder, backup: entry.folder, target }, {
      ...parts,
      clock: systemClock,
      env,
      signal,
      onEvent: (event) => progress.tell(event),
      confirm: (plan) => confirmRestore(plan, request.yes, console, askUnless(signal, deps.ask)),
    });
    progress.end();
    await finish(report, shelfFolder, context, null);
    return report.status === "done" ? 0 : 3;
  } catch (thrown) {
    if (!(thrown instanceof RestoreError)) throw thrown;
    progress.end();
    await finish(thrown.report, shelfFolder, context, thrown);
    return thrown.exit;
  }
}

async function findTarget(
  { source }: RestoreRequest,
  env: Readonly<Record<string, string>>,
  { console }: TaskContext,
  warnings: readonly string[],
): Promise<Target> {
  // First: a password that is cut is what makes a URL unreadable.
  for (const warning of warnings) console.warn(warning);
  const found = await backupTargets(
    { source, environment: "url" },
    env,
    () => new Response(Deno.stdin.readable).text(),
  ).catch((error) => {
    throw inWordsOfRestore(error);
  });
  const [target] = found.targets;
  if (target === undefined) throw new Error("no target was resolved");
  console.hide([target.password, target.sslpassword].filter((secret) => secret !== undefined));
  for (const warning of found.warnings) console.warn(warning.replaceAll("--url", "--to"));
  return { ...target, source: target.source.replace(/^--url\b/, "--to") };
}

/** Who reads connection strings knows the options of `backup`. */
function inWordsOfRestore(error: unknown): unknown {
  if (!(error instanceof PgstrataError)) return error;
  const { message, code, context, cause, hint } = error;
  const words = (text: string) => text.replaceAll("--url", "--to");
  return new PgstrataError(words(message), {
    code,
    context: Object.fromEntries(
      Object.entries(context).map(([name, value]) => [name, typeof value === "string" ? words(value) : value]),
    ),
    cause,
    ...(hint === undefined ? {} : { hint: words(hint) }),
  });
}

/** The backup that is meant; says so when `latest` is not the newest. */
async function findWanted(shelfFolder: string, argument: string, { cwd, console }: TaskContext): Promise<FoundBackup> {
  const found = await findBackup(shelfFolder, argument, cwd, READ_OPTIONS);
  if (/^latest(?::|$)/.test(argument)) {
    const newer = found.shelf.entries.slice(0, found.shelf.entries.findIndex(({ path }) => path === found.entry.path));
    for (const { path } of newer.filter((one) => "label" in one && one.label === SAFETY_LABEL)) {
      console.say(`${path} is a safety backup of a restore and passed over; name it if it is meant`);
    }
  }
  return found;
}

/** The backup's id. Folders that pgstrata did not make have none. */
function backupIdOf(entry: UsableEntry): string {
  if (entry.kind !== "foreign" && entry.summary !== null) return entry.summary.id;
  throw new PgstrataError(
    `Cannot restore from ${entry.path}: ${
      entry.kind === "foreign" ? "it has no manifest.json of pgstrata" : "its public part is damaged"
    }`,
    {
      code: "usage",
      hint: entry.kind === "foreign"
        ? "Was it lost? Copy the folder again, or pgstrata pull. Without it PostgreSQL's own programs restore: in the " +
          "folder psql --file=roles.sql, then pg_restore --dbname=URL db_full.dump (psql for SQL files you trust)."
        : "Decrypt it into another folder first: pgstrata decrypt.",
    },
  );
}

/** Production is what `prod` is configured as; without such an environment nothing is. */
async function guardProduction(
  target: Target,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  if (env["DATABASE_URL_PROD"] === undefined && env["SUPABASE_PROJECT_REF_PROD"] === undefined) return;
  const [production] = resolveTargets("prod", env);
  if (production !== undefined) await refuseProduction(target, production, signal);
}

/** What was encrypted is not laid down in plain beside it, if there is a key to encrypt with. */
async function safetyKey(
  env: Readonly<Record<string, string>>,
  context: TaskContext,
): Promise<EncryptionKey | undefined> {
  const { recipients } = await loadConfig(context, env);
  try {
    const key = await readEncryptionKey(env, { configured: recipients });
    if ("passphrase" in key) context.console.hide([key.passphrase]);
    return key;
  } catch (error) {
    if (!(error instanceof PgstrataError) || error.code !== "usage") throw error;
    context.console.warn(
      `the backup is encrypted, a safety backup of the target will be plain. ${error.message}\n  ${error.hint}`,
    );
    return undefined;
  }
}

/** Shows the report, writes it down, and prints the document. */
async function finish(
  report: RestoreReport,
  shelf: string,
  context: TaskContext,
  error: RestoreError | null,
): Promise<void> {
  const { console } = context;
  // What was asked for wrongly, or not agreed to, has nothing to report.
  const isDeclined = report.targetState === UNTOUCHED && (error?.code === "usage" || error?.code === "refused");
  if (!isDeclined) console.note(`\n${reportText(report)}`);
  if (error !== null) console.error(error);
  const path = isDeclined ? null : await writeReport(report, shelf).catch((thrown) => {
    console.warn(`the report cannot be written: ${toPgstrataError(thrown).message}`);
    return null;
  });
  if (path !== null) console.say(`Report: ${path}`);
  if (context.json) {
    const errors = error === null ? [] : [console.errorDocument(error)];
    console.document({ version: 1, command: "restore", report, errors });
  }
}

/** Beside the backups, never in one: text for people and JSON for programs. */
async function writeReport(report: RestoreReport, shelf: string): Promise<string> {
  const folder = join(shelf, SHELF_META, "restores");
  await makeFolder(folder);
  const name = `${compactTimestamp(new Date(report.startedAt))}_${report.database.replaceAll(/[^\w.-]/g, "_")}`;
  await writeFileAtomic(join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
  const path = join(folder, `${name}.txt`);
  await writeFileAtomic(path, `${reportText(report, { isWhole: true })}\n`);
  return path;
}
