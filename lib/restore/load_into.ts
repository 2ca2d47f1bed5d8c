import { messageOf } from "../base/mod.ts";
import { openSession, type PinnedTarget, readSlots, toolEnvironment } from "../connection/mod.ts";
import { makeFolder } from "../system/mod.ts";
import { join } from "@std/path";
import { loadArchive } from "./load_archive.ts";
import type { RestoreWork } from "./restore_work.ts";
import { BROKEN_TRANSACTION } from "./script_stream.ts";
import { runScript } from "./run_script.ts";
import type { ScriptPart } from "./script_part.ts";

/** Most jobs unless the user wants more. */
const MOST_JOBS = 8;

/** Fills an empty database: from the archive in parallel, from several files in one transaction. */
export async function fillDatabase(work: RestoreWork, target: PinnedTarget, cores: number): Promise<void> {
  if (work.script === null) await loadInto(work, target, cores);
  else await runParts(work, target, work.script);
}

/** Runs a script in a database, in one transaction. */
export async function runParts(work: RestoreWork, target: PinnedTarget, parts: readonly ScriptPart[]): Promise<void> {
  const { deps, log, list } = work;
  const folder = await connectionFolder(work);
  const running = runScript(parts, {
    tools: work.tools,
    psql: work.psql,
    folder,
    lockTimeout: work.options.lockTimeout,
    environment: await toolEnvironment(target, folder),
    database: target.database,
    owners: list.owners.all,
    tablespaces: hasTablespaces(work),
    signal: deps.signal,
    onItem: (text) => deps.onEvent({ type: "item", text }),
    onWarning: (message) => log.warn(message),
  });
  await running.catch((error) => {
    if (messageOf(error instanceof Error ? error.cause : error).includes(BROKEN_TRANSACTION)) {
      log.targetState = "a part was committed: SQL of the backup ended the transaction in the middle";
    }
    throw error;
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
    environment: await toolEnvironment(target, folder),
    database: target.database,
    archive: work.archive.path,
    toc: work.archive.toc,
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
export function hasTablespaces({ list, facts }: RestoreWork): boolean {
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
