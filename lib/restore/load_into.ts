import { counted, messageOf, PgstrataError } from "../base/mod.ts";
import { openSession, type PinnedTarget, readSlots, toolEnvironment, withSettings } from "../connection/mod.ts";
import { makeFolder } from "../system/mod.ts";
import { join } from "@std/path";
import { loadArchive } from "./load_archive.ts";
import { blockerText, LockWatch } from "./lock_watch.ts";
import type { PreparedRestore } from "./prepare_restore.ts";
import { LOCKED } from "./restore_error.ts";
import type { RestoreWork } from "./restore_work.ts";
import { BROKEN_TRANSACTION } from "./script_stream.ts";
import { runScript } from "./run_script.ts";
import type { ScriptPart } from "./script_part.ts";
import { type OpenTransaction, transactionFate } from "./transaction_fate.ts";

/** Most jobs unless the user wants more. */
const MOST_JOBS = 8;

/** Fills an empty database: from the archive in parallel, from several files in one transaction. */
export async function fillDatabase(work: PreparedRestore, target: PinnedTarget, cores: number): Promise<void> {
  if (work.script === null) await loadInto(work, target, cores);
  else await runParts(work, target, work.script);
}

/** What was loaded, in words: objects of an archive, or tables where files were read. */
export function loadedText({ script, list, selection, source, tier }: RestoreWork): string {
  if (script === null) return `loaded ${counted(list.entries.length, "object")}`;
  const tables = selection.whole ? source.manifest.tables.length : selection.names.length;
  return `loaded ${tables} ${tables === 1 ? "table" : "tables"} of the ${tier} tier`;
}

/** Runs a script in a database, in one transaction; says in the log what became of it. */
export async function runParts(
  work: PreparedRestore,
  target: PinnedTarget,
  parts: readonly ScriptPart[],
): Promise<void> {
  const { deps, log, list, options } = work;
  const folder = await connectionFolder(work);
  const seen: { transaction: OpenTransaction | null; commitSent: boolean } = { transaction: null, commitSent: false };
  await using stack = new AsyncDisposableStack();
  let watch: LockWatch | null = null;
  try {
    await runScript(parts, {
      tools: work.tools,
      psql: work.psql,
      folder,
      lockTimeout: options.lockTimeout,
      environment: withSettings(await toolEnvironment(target, folder), work.facts.startSettings),
      database: target.database,
      owners: list.owners.all,
      tablespaces: hasTablespaces(work),
      signal: deps.signal,
      onItem: (text) => deps.onEvent({ type: "item", text }),
      onWarning: (message) => log.warn(message),
      onTransaction: (transaction) => {
        seen.transaction = transaction;
        watch ??= stack.use(
          new LockWatch(work.session, transaction.pid, options.lockTimeout, (text) => log.notice(text)),
        );
      },
      onCommit: () => void (seen.commitSent = true),
    });
  } catch (error) {
    if (messageOf(error instanceof Error ? error.cause : error).includes(BROKEN_TRANSACTION)) {
      log.targetState = "a part was committed: SQL of the backup ended the transaction in the middle";
      throw error;
    }
    await noteFate(work, target, seen.transaction, seen.commitSent);
    throw withBlockers(error, watch);
  }
}

/** What is said of a transaction that did not come to its end. */
async function noteFate(
  { log }: PreparedRestore,
  target: PinnedTarget,
  transaction: OpenTransaction | null,
  commitSent: boolean,
): Promise<void> {
  switch (await transactionFate(target, transaction, commitSent)) {
    case "committed":
      return log.done(
        "the transaction was committed, though its end was not heard here",
        "everything was restored and committed; what comes after that was not done",
      );
    case "undone":
      log.undo = null;
      log.targetState = commitSent
        ? "nothing was changed: the one transaction was undone at its end (values of sequences may have been set)"
        : "nothing was changed: the one transaction was not committed";
      return;
    case "unknown":
      log.targetState = "it is not known whether the one transaction was committed: its COMMIT was on the way";
      log.leave(`ask the server: SELECT txid_status(${transaction?.id ?? "?"}) says committed or aborted`);
  }
}

function withBlockers(error: unknown, watch: LockWatch | null): unknown {
  const blockers = watch?.blockers ?? [];
  if (!(error instanceof PgstrataError) || !error.message.endsWith(LOCKED) || blockers.length === 0) return error;
  const pids = blockers.map(({ pid }) => pid).filter((pid) => pid !== 0);
  return new PgstrataError(error.message, {
    code: error.code,
    cause: error.cause,
    context: { ...error.context, "held by": blockers.map(blockerText).join("; ") },
    hint: pids.length === 0
      ? "End the prepared transaction: ROLLBACK PREPARED or COMMIT PREPARED."
      : `End it: ${pids.map((pid) => `SELECT pg_terminate_backend(${pid})`).join("; ")}. Or wait longer ` +
        "(--lock-wait-timeout), or restore when nobody works.",
  });
}

async function connectionFolder(work: RestoreWork): Promise<string> {
  const folder = join(work.folder, `connection-${crypto.randomUUID().slice(0, 8)}`);
  await makeFolder(folder);
  return folder;
}

async function loadInto(work: RestoreWork, target: PinnedTarget, cores: number): Promise<void> {
  const { deps, log, list } = work;
  const jobs = await settleJobs(work, target, cores);
  const folder = await connectionFolder(work);
  await loadArchive({
    tools: work.tools,
    environment: withSettings(await toolEnvironment(target, folder), work.facts.startSettings),
    database: target.database,
    archive: work.archive.path,
    entries: [...list.entries],
    folder,
    jobs,
    owners: list.owners.all,
    tablespaces: hasTablespaces(work),
    signal: deps.signal,
    onItem: (text) => deps.onEvent({ type: "item", text }),
    onWarning: (message) => log.warn(`pg_restore: ${message}`),
  });
}

/** Whether all tablespaces of the entries exist. */
function hasTablespaces({ list, facts }: RestoreWork): boolean {
  return list.entries.every(({ tablespace }) => (tablespace ?? "") === "" || facts.tablespaces.has(tablespace ?? ""));
}

/** pg_restore opens a connection per job and one of its own. */
async function settleJobs({ options, deps, log }: RestoreWork, target: PinnedTarget, cores: number): Promise<number> {
  await using session = await openSession(target, { signal: deps.signal });
  const slots = await readSlots(session);
  const wanted = options.jobs ?? Math.min(MOST_JOBS, Math.max(2, cores));
  const room = Math.max(1, slots.free - 2);
  if (wanted > room && options.jobs !== null) {
    log.warn(`--jobs lowered from ${wanted} to ${room}: the server has ${slots.free} free connections`);
  }
  return Math.min(wanted, room);
}
