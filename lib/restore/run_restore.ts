import { counted, isNoRoom, PgstrataError, toPgstrataError } from "../base/mod.ts";
import { ConnectionError, maskedTarget, type PinnedTarget, pinTarget, type Target } from "../connection/mod.ts";
import { filesRead } from "./choose_archive.ts";
import { withScopeHint } from "./backup_scope.ts";
import { BackupSource } from "./backup_source.ts";
import { Logbook } from "./logbook.ts";
import type { RestoreDeps, RestoreOptions } from "./options.ts";
import { dropCreated } from "./drop_created.ts";
import { type PreparedRestore, prepareRestore, type RestoreStart } from "./prepare_restore.ts";
import { RestoreError, type RestoreReport } from "./report.ts";
import { restoreBeside } from "./restore_beside.ts";
import { restoreDirect } from "./restore_direct.ts";
import { restoreInPlace } from "./restore_in_place.ts";
import { restoreBySwap } from "./restore_by_swap.ts";
import { openWorkFolder } from "./work_folder.ts";

/**
 * Restores a backup, or a part of it, and says what was done.
 *
 * @returns the report; `differs` when all was restored and the comparison found differences
 * @throws {RestoreError} with the report of what was done until then; its code is that of what stopped it
 */
export async function runRestore(options: RestoreOptions, deps: RestoreDeps): Promise<RestoreReport> {
  const log = new Logbook(options, deps);
  try {
    await restore(options, deps, log);
    return log.report(log.comparison?.equal === false || log.widened.length > 0 || log.differs ? "differs" : "done");
  } catch (thrown) {
    const reason = deps.signal.aborted && !(thrown instanceof PgstrataError && isNoRoom(thrown))
      ? deps.signal.reason
      : thrown;
    throw new RestoreError(toPgstrataError(reason), log.report("failed"));
  }
}

async function restore(options: RestoreOptions, deps: RestoreDeps, log: Logbook): Promise<void> {
  log.ahead = ["restore"];
  log.target = maskedTarget(options.target);
  refuseContradictions(options);
  refusePooler(options.target);
  const source = await BackupSource.open(options.folder);
  await checkBackup(source, options, deps, log);
  log.begin("connect");
  const target: PinnedTarget = await pinTarget(options.target, {
    signal: deps.signal,
    onRetry: (text) => log.notice(text),
  });
  await using folder = await openWorkFolder(deps.clock.now());
  await using prepared = await prepare({ options, deps, log, source, target, folder: folder.path });
  try {
    await go(prepared);
  } catch (error) {
    throw withScopeHint(error, source.manifest);
  }
}

async function go(prepared: PreparedRestore): Promise<void> {
  switch (prepared.way) {
    case "direct":
      return await restoreDirect(prepared);
    case "swap":
      return await restoreBySwap(prepared);
    case "in_place":
      return await restoreInPlace(prepared);
    case "beside":
      return await restoreBeside(prepared);
  }
}

/** A database that `--create-db` made goes again when nothing comes of it. */
async function prepare(start: RestoreStart): Promise<PreparedRestore> {
  try {
    return await prepareRestore(start);
  } catch (error) {
    if (start.log.createdDatabase) await dropCreated(start);
    throw withCreateHint(error, start.options);
  }
}

function withCreateHint(error: unknown, { createDatabase }: RestoreOptions): unknown {
  if (
    createDatabase || !(error instanceof ConnectionError) || !/: database ".*" does not exist$/s.test(error.message)
  ) {
    return error;
  }
  const { message, code, context, cause } = error;
  return new PgstrataError(message, {
    code,
    context,
    cause,
    hint: `--create-db creates it. Else check the name at the end of the URL (on Supabase it is postgres).`,
  });
}

async function checkBackup(
  source: BackupSource,
  options: RestoreOptions,
  deps: RestoreDeps,
  log: Logbook,
): Promise<void> {
  log.begin("verify");
  const problems = await deps.verify(options.folder, filesRead(source, options));
  log.done(
    problems.length === 0
      ? "checked the files of the backup that are read"
      : `found ${counted(problems.length, "problem")} in the backup's files`,
  );
  if (problems.length > 0) {
    if (!options.force) throw notVerified(problems);
    log.warn(`the backup does not verify and is restored all the same: ${problems.slice(0, 5).join("; ")}`);
  }
  if (source.manifest.status === "incomplete") {
    const lost = source.manifest.omissions.filter(({ severity }) => severity === "lost").map(({ object }) => object);
    log.warn(`the backup is incomplete: it lacks ${lost.slice(0, 8).join(", ")}${lost.length > 8 ? " and more" : ""}`);
  }
}

function notVerified(problems: readonly string[]): PgstrataError {
  return new PgstrataError("Cannot restore: the backup does not verify", {
    code: "refused",
    context: Object.fromEntries(problems.slice(0, 5).map((problem, index) => [`problem ${index + 1}`, problem])),
    hint: "Choose another backup, or bring the copy back: pgstrata pull. Else --tier schema or --tier " +
      "table reads other files, if the backup has them; --force restores the damaged ones as they are.",
  });
}

function refusePooler(target: Target): void {
  if (target.kind !== "supabase_transaction_pooler" && target.kind !== "supabase_dedicated_pooler") return;
  throw new PgstrataError(`Cannot restore through port ${target.hosts[0]?.port}: it is a transaction pooler`, {
    code: "connection",
    context: { target: maskedTarget(target), source: target.source },
    hint:
      "A restore needs one server session from beginning to end: use port 5432 (the session pooler, or the database itself).",
  });
}

function refuseContradictions(options: RestoreOptions): void {
  const wrong = (state: string, hint: string) => new PgstrataError(`Cannot restore: ${state}`, { code: "usage", hint });
  const part = options.schemas.length + options.tables.length > 0;
  if (options.intoSchema !== null && !part) {
    throw wrong("--into-schema needs tables", "Choose them with --table S.T, or all of a schema with --schema S.");
  }
  if (options.intoSchema !== null && (options.createDatabase || options.inPlace || options.clean)) {
    throw wrong("--into-schema restores beside what exists", "Leave --create-db, --in-place and --clean out.");
  }
  if (options.createDatabase && (options.inPlace || options.clean)) {
    throw wrong("--create-db makes a new database", "Leave --in-place and --clean out.");
  }
  if (options.createDatabase && options.content === "data-only") {
    throw wrong("--create-db makes an empty database, which has no tables for rows", "Leave --data-only out.");
  }
}
