import type { Toc, TocEntry } from "../archive/mod.ts";
import { counted, PgstrataError, quoteIdentifier } from "../base/mod.ts";
import { type PinnedTarget, type Session } from "../connection/mod.ts";
import { basename } from "@std/path";
import { describeLeftovers } from "./leftovers.ts";
import { lockForRestore } from "./restore_lock.ts";
import { maskedTarget } from "../connection/mod.ts";
import type { BackupSource } from "./backup_source.ts";
import { chooseRestoreTools } from "./choose_restore_tools.ts";
import { chooseTier } from "./choose_archive.ts";
import { chooseWay } from "./choose_way.ts";
import { countContents } from "./count_contents.ts";
import { createDatabase, openMaintenance } from "./maintenance.ts";
import { decodeText } from "./decode_text.ts";
import { refuseUnlessClean } from "./drops.ts";
import { leaveOut } from "./entry_names.ts";
import { findExisting } from "./existing_objects.ts";
import { readHanging } from "./hanging_objects.ts";
import { planBeside } from "./beside_plan.ts";
import { planFilesInPlace } from "./files_in_place.ts";
import { type InPlacePlan, planInPlace } from "./in_place_plan.ts";
import { EMPTY_TOC, planSqlTier } from "./sql_tier.ts";
import type { Logbook } from "./logbook.ts";
import { describeLostDependents } from "./lost_dependents.ts";
import { membershipsOf } from "./memberships.ts";
import { type Needs, possibleNeeds, settleNeeds } from "./needs.ts";
import { openWriter } from "./open_writer.ts";
import type { RestoreDeps, RestoreOptions } from "./options.ts";
import { preflight, preflightWarnings } from "./preflight.ts";
import type { Overwritten, RestorePlan, Way } from "./plan.ts";
import { readRoleScript, type RoleScript } from "./role_script.ts";
import { rolesOfEntry } from "./role_names.ts";
import type { RestoreWork } from "./restore_work.ts";
import { restoreRoles } from "./restore_roles.ts";
import { excludedObjects } from "./excluded_objects.ts";
import { selectEntries, type Selection } from "./selection.ts";
import { isReservedRole } from "./supabase_names.ts";
import { factsOfNewDatabase, isEmpty, readTargetFacts, type TargetFacts } from "./target_facts.ts";
import { buildWorkList } from "./work_list.ts";

/** What a restore begins with. */
export interface RestoreStart {
  readonly options: RestoreOptions;
  readonly deps: RestoreDeps;
  readonly log: Logbook;
  readonly source: BackupSource;
  readonly target: PinnedTarget;
  readonly folder: string;
}

/** A restore that is settled, agreed to and secured; disposing closes its session. */
export interface PreparedRestore extends RestoreWork, AsyncDisposable {
  readonly way: Way;
  /** In the target's database. */
  readonly session: Session;
  /** Set for the ways in place. */
  readonly inPlace: InPlacePlan | null;
}

/** Settles everything, asks, backs up what is there, and creates roles that are missing. */
export async function prepareRestore(start: RestoreStart): Promise<PreparedRestore> {
  const { options, deps, log, source, target } = start;
  await using stack = new AsyncDisposableStack();
  if (options.createDatabase) await makeDatabase(start);
  const session = stack.use(await openWriter(target, { signal: deps.signal, onRetry: (text) => log.notice(text) }));
  refuseStandby(session);
  // Whatever we ask for ourselves must not wait for others for ever either.
  await session.execute(`SET lock_timeout = ${options.lockTimeout}`);
  await lockForRestore(session);
  const facts = await readTargetFacts(session);
  log.begin("plan");
  if (Object.keys(facts.startSettings).length > 0) log.warn(READ_ONLY);
  for (const text of await describeLeftovers(session, target.database)) log.warn(text);
  const chosen = await chooseTier(source, options);
  log.tier = chosen.tier;
  const archive = chosen.archive ?? { path: "", toc: EMPTY_TOC };
  const script = await readRoles(source);
  const every = new Set([
    ...facts.roles,
    ...options.roles && facts.role.createRole ? script.roles.map(({ name }) => name) : [],
  ]);
  const files = chosen.archive === null ? await planSqlTier(source, chosen.tier, options, facts, every) : null;
  const { tools, psql } = await chooseRestoreTools(deps.env, facts.major, chosen.archive?.toc ?? null);
  const selection = files?.selection ?? selectEntries(archive.toc, options);
  const excluded = excludedObjects(source.manifest, selection, options);
  if (excluded !== null) log.warn(excluded);
  const needs = selection.whole || options.content === "data-only"
    ? NO_NEEDS
    : await settle(session, archive.toc, neededBy(selection, options));
  const chosenEntries = wanted(archive.toc.entries, selection, needs);
  const memberships = selection.whole || options.content === "data-only" || options.intoSchema !== null
    ? { entries: [], lost: [] }
    : membershipsOf(archive.toc, chosenEntries, facts);
  for (const lost of memberships.lost) log.warn(lost);
  const members = new Set([...chosenEntries, ...memberships.entries].map(({ dumpId }) => dumpId));
  const entries = archive.toc.entries.filter(({ dumpId }) => members.has(dumpId));
  const creatable = options.roles && facts.role.createRole
    ? missingRoles(script, facts, selection.whole || files !== null ? null : entries)
    : [];
  const known = new Set([...facts.roles, ...creatable]);
  const way = chooseWay(options, facts, selection.whole);
  log.way = way;
  const filled = way === "swap" ? factsOfNewDatabase(facts) : facts;
  const list = buildWorkList(archive.toc, entries, options, filled, known, await readHanging(session, filled));
  const work: RestoreWork = {
    ...start,
    facts,
    tools,
    psql,
    tier: chosen.tier,
    archive,
    selection,
    script: files?.parts ?? null,
    needs: needs.added,
    list: {
      ...list,
      leftOut: [
        ...list.leftOut,
        ...archive.toc.entries.flatMap((entry) => {
          const reason = needs.impossible.get(entry.dumpId);
          return reason === undefined ? [] : [leaveOut(entry, reason)];
        }),
      ],
    },
  };
  log.leftOut = work.list.leftOut;
  log.notGranted = files?.definitions.notGranted ?? list.notGranted;
  log.ownersNotSet = files?.definitions.ownersNotSet ?? list.owners.notSet;
  for (const lack of files?.lacks ?? []) log.warn(`not restored: ${lack}`);
  if (way === "in_place" && !selection.whole && options.content !== "data-only") {
    const lost = await describeLostDependents(session, work);
    if (lost !== null) log.warn(lost);
  }
  const inPlace = await planLiving(session, work, way);
  log.entries = inPlace?.entries ?? list.entries.length;
  start.deps.onEvent({ type: "planned", objects: log.entries });
  if (inPlace !== null && !options.clean && !(selection.whole && options.inPlace && !inPlace.rowsOnly)) {
    refuseUnlessClean(inPlace.overwritten, inPlace.rowsOnly ? "rows" : "objects");
  }
  const overwritten = way === "swap" ? await countContents(session, facts) : inPlace?.overwritten ?? [];
  log.overwritten = overwritten;
  for (const warning of preflightWarnings(work, inPlace)) log.warn(warning);
  log.preflight = await preflight(session, work, script.roles.filter(({ name }) => creatable.includes(name)), script);
  for (const { check, text } of log.preflight.filter((one) => one.check === "disk" && one.state === "attention")) {
    log.warn(`${check}: ${text}`);
  }
  if (!isEmpty(facts)) await agree(work, way, overwritten);
  await makeRoles(work, session, script, creatable);
  const owned = stack.move();
  return { ...work, way, session, inPlace, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const READ_ONLY =
  "transactions are read-only by default here (default_transaction_read_only), which is set aside for this " +
  "restore; providers set it when the disk is full: look at the room first";

/** The script for the ways that change a living database; null for the others. */
async function planLiving(session: Session, work: RestoreWork, way: Way): Promise<InPlacePlan | null> {
  if (way === "beside") return await planBeside(session, work, work.options.intoSchema ?? "");
  if (way !== "in_place") return null;
  return work.script === null ? await planInPlace(session, work) : await planFilesInPlace(session, work, work.script);
}

const NO_NEEDS: Needs = { added: [], impossible: new Map() };

async function settle(session: Session, toc: Toc, entries: readonly TocEntry[]): Promise<Needs> {
  return settleNeeds(toc, entries, await findExisting(session, possibleNeeds(toc, entries)));
}

/** A table beside the living one comes without what hangs on it. */
function neededBy({ entries }: Selection, { intoSchema }: RestoreOptions): readonly TocEntry[] {
  return intoSchema === null ? entries : entries.filter(({ desc }) => desc === "TABLE");
}

function wanted(entries: readonly TocEntry[], selection: Selection, needs: Needs): TocEntry[] {
  const ids = new Set([...selection.entries, ...needs.added].map(({ dumpId }) => dumpId));
  return entries.filter(({ dumpId }) => ids.has(dumpId) && !needs.impossible.has(dumpId));
}

function refuseStandby({ inRecovery }: Session): void {
  if (!inRecovery) return;
  throw new PgstrataError("Cannot restore: the target is a standby, which can only be read", {
    code: "refused",
    hint: "Restore into the primary it follows; target_session_attrs=read-write chooses it among several hosts.",
  });
}

async function makeDatabase({ target, deps, log, source }: RestoreStart): Promise<void> {
  await using session = await openMaintenance(target, deps.signal);
  refuseStandby(session);
  const [there] = await session.query("SELECT FROM pg_catalog.pg_database WHERE datname = $1", [target.database]);
  if (there !== undefined) {
    throw new PgstrataError(`Cannot create database ${target.database}: it exists`, {
      code: "refused",
      hint: "Leave --create-db out to restore into it, or name another database. If it is what a broken-off restore " +
        `left, drop it first: DROP DATABASE ${quoteIdentifier(target.database)}`,
    });
  }
  await createDatabase(session, target.database, source.manifest.server);
  log.createdDatabase = true;
  log.done(`created database ${target.database}`, `database ${target.database} was created and holds nothing yet`);
}

async function readRoles(source: BackupSource): Promise<RoleScript> {
  if (source.roles === null) return { roles: [], memberships: [] };
  return readRoleScript(decodeText(await Deno.readFile(source.roles), "UTF8"));
}

/** Roles of the backup that the target lacks: all, or those that the entries name. */
function missingRoles(script: RoleScript, facts: TargetFacts, entries: readonly TocEntry[] | null): string[] {
  const named = entries === null
    ? null
    : new Set(entries.flatMap((entry) => [...rolesOfEntry(entry), ...entry.owner === null ? [] : [entry.owner]]));
  return script.roles.map(({ name }) => name).filter((name) =>
    !facts.roles.has(name) && (named === null || named.has(name)) && !(facts.supabase && isReservedRole(name))
  );
}

async function makeRoles(
  work: RestoreWork,
  session: Session,
  script: RoleScript,
  names: readonly string[],
): Promise<void> {
  const { log, facts, options } = work;
  if (!options.roles) return;
  log.begin("roles");
  const outcome = await restoreRoles(session, facts, script, work.selection.whole ? null : new Set(names));
  log.roles = outcome;
  for (const problem of outcome.problems) log.warn(problem);
  if (outcome.created.length > 0) {
    const names = outcome.created.join(", ");
    log.done(`created ${counted(outcome.created.length, "role")} (not undone with the rest): ${names}`);
  }
  if (outcome.withoutPassword.length > 0) {
    log.leave(`set passwords: ${outcome.withoutPassword.join(", ")} may log in and have none in the backup`);
  }
}

/** Shows what will happen, asks, and backs up what is there. */
async function agree(work: RestoreWork, way: Way, overwritten: readonly Overwritten[]): Promise<void> {
  const { options, deps, log, target, list, facts } = work;
  const plan: RestorePlan = {
    target: maskedTarget(target),
    database: target.database,
    environment: target.environment,
    backup: basename(options.backup ?? options.folder),
    way,
    tier: work.tier,
    overwritten,
    leftOut: list.leftOut,
    safetyBackup: options.safetyBackup,
    databaseBytes: facts.server.databaseBytes,
    preflight: log.preflight,
  };
  await deps.confirm(plan);
  if (!options.safetyBackup) {
    log.warn("no safety backup was made (--no-safety-backup)");
    return;
  }
  log.begin("safety_backup");
  log.safetyBackup = await deps.safetyBackup(options.target);
  log.done(`backed up the target as it was: ${log.safetyBackup}`);
}
