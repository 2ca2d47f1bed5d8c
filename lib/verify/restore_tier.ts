import { join } from "@std/path";
import {
  checksThatRead,
  groupByTable,
  isLargeObject,
  loadStages,
  partitionedParent,
  type TableGrouping,
  type Toc,
  type TocEntry,
} from "../archive/mod.ts";
import { quoteIdentifier } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import { openSession, type PinnedTarget, QueryError, type Session } from "../connection/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { readTocOfFile } from "./archive_file.ts";
import { isOfDatabase } from "./definitions.ts";
import type { DrillTier } from "./drill.ts";
import { entryName } from "./entry_name.ts";
import { archiveOptions, ofSection, PendingEntries, rounds, settle, type Source } from "./pending_entries.ts";
import { restoreArchive, type RestoreError } from "./restore_archive.ts";
import { notesOf, plainNote, type RestoreNote } from "./restore_note.ts";
import { TableScripts } from "./table_scripts.ts";

/** What restoring a tier needs. */
export interface RestoreTierOptions {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Table of contents of the full archive, or put together from the schemas' archives; null without any archive. */
  readonly toc: Toc | null;
  /** The full archive; null where there is none. */
  readonly archive: string | null;
  readonly tools: ToolSet;
  readonly environment: Readonly<Record<string, string>>;
  readonly target: PinnedTarget;
  readonly jobs: number;
  /** dumpIds of entries that cannot be restored here. */
  readonly skipped: ReadonlyMap<number, string>;
  readonly unavailableExtensions: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** Told each object that pg_restore begins with. */
  readonly onObject?: () => void;
}

/** What came of it. */
export interface RestoreTierOutcome {
  readonly errors: RestoreNote[];
  /** dumpIds of entries that were left out. */
  readonly skipped: ReadonlyMap<number, string>;
}

/** Restores one tier into an empty database. */
export async function restoreTier(tier: DrillTier, options: RestoreTierOptions): Promise<RestoreTierOutcome> {
  switch (tier) {
    case "full":
      return await restoreFull(options);
    case "schema":
      return await restoreSchemas(options);
    case "table":
      return await restoreTables(options);
  }
}

/** One plain parallel `pg_restore`. */
async function restoreFull(options: RestoreTierOptions): Promise<RestoreTierOutcome> {
  const { archive, toc, skipped } = options;
  if (archive === null) return { errors: [plainNote("full archive", "is not in this backup")], skipped };
  const entries = skipped.size === 0 || toc === null ? null : toc.entries.filter(({ dumpId }) => !skipped.has(dumpId));
  const stages = loadStages(entries ?? toc?.entries ?? []);
  const common = archiveOptions(options, archive);
  // Where all go together, one plain run of everything does.
  if (stages.length < 2) {
    return {
      errors: notesOf(await restoreArchive({ ...common, jobs: options.jobs, entries }), toc?.entries ?? []),
      skipped,
    };
  }
  const errors: RestoreError[] = [];
  for (const stage of stages) {
    const jobs = stage.alone ? 1 : options.jobs;
    errors.push(...await restoreArchive({ ...common, jobs, entries: stage.entries }));
  }
  return { errors: notesOf(errors, toc?.entries ?? []), skipped };
}

/**
 * All schemas' archives, and from the full archive what belongs to no schema. An object that needs another schema's
 * waits for the next round.
 */
async function restoreSchemas(options: RestoreTierOptions): Promise<RestoreTierOutcome> {
  const sources = await schemaSources(options);
  const isSchema = (entry: TocEntry) => entry.desc === "SCHEMA";
  // Default privileges come last: they would change what later rounds create.
  const isDefault = (entry: TocEntry) => entry.desc === "DEFAULT ACL";
  const errors: RestoreNote[] = [];
  await settle(sources, isSchema, "pre-data", options);
  await using session = await openSession(options.target, { signal: options.signal });
  if (options.archive === null) errors.push(...await createExtensions(session, options));
  const rest = (entry: TocEntry) => !isSchema(entry) && !isDefault(entry);
  errors.push(...await settle(sources, rest, "pre-data", options));
  errors.push(...await restoreData(sources, options.jobs, options));
  errors.push(...await settle(sources, rest, "post-data", options));
  errors.push(...await settle(sources, isDefault, "post-data", options));
  return { errors, skipped: options.skipped };
}

/**
 * Tables from their `schema.sql`, `data.sql` and `constraints.sql`, sequences from `sequences.sql`; all that is no
 * table's (types, functions, views, …) from the full archive, or else from the schemas'.
 */
async function restoreTables(options: RestoreTierOptions): Promise<RestoreTierOutcome> {
  const { toc, manifest } = options;
  if (toc === null) {
    return {
      errors: [plainNote("archives", "are not in this backup: types and functions come from them")],
      skipped: options.skipped,
    };
  }
  const grouping = groupByTable(toc);
  const inFiles = new Set<number>();
  const skipped = new Map(options.skipped);
  const leftOutTables = new Set<number>();
  for (const { table, definitions, data, sequenceValues } of grouping.tables) {
    const own = [...definitions, ...(data === null ? [] : [data]), ...sequenceValues];
    const reason = own.map(({ dumpId }) => skipped.get(dumpId)).find((text) => text !== undefined);
    for (const { dumpId } of own) {
      inFiles.add(dumpId);
      if (reason !== undefined) skipped.set(dumpId, reason);
    }
    if (reason !== undefined) leftOutTables.add(Number(table.oid));
  }
  for (const { dumpId } of grouping.looseSequences) inFiles.add(dumpId);
  for (const { dumpId } of grouping.looseData) inFiles.add(dumpId);
  const all = options.archive === null
    ? await schemaSources(options)
    : [{ path: options.archive, entries: kept(toc.entries, skipped) }];
  const sources = all.map(({ path, entries }) => ({
    path,
    entries: entries.filter(({ dumpId }) => !inFiles.has(dumpId)),
  }));
  await using scripts = await TableScripts.open(
    options.folder,
    manifest,
    options.target,
    partitionDepths(grouping),
    leftOutTables,
    options.signal,
  );
  const errors: RestoreNote[] = [];
  if (options.archive === null) {
    await settle(sources, ({ desc }) => desc === "SCHEMA", "pre-data", options);
    await using session = await openSession(options.target, { signal: options.signal });
    errors.push(...await createExtensions(session, options));
  }
  const before = new PendingEntries(
    sources,
    (entry) => options.archive !== null || entry.desc !== "SCHEMA",
    "pre-data",
  );
  await rounds(async () => {
    const progress = await before.attempt(options);
    return (await scripts.runDefinitions()) || progress;
  }, () => before.left + scripts.definitionsLeft);
  await scripts.loadRows(options.jobs);
  errors.push(...await restoreData(sources, 1, options));
  const after = new PendingEntries(sources, ({ desc }) => desc !== "DEFAULT ACL", "post-data");
  await rounds(async () => {
    const progress = await after.attempt(options);
    return (await scripts.runConstraints()) || progress;
  }, () => after.left + scripts.constraintsLeft);
  // Rows that go through a partition root wait until its partitions are attached.
  await scripts.loadRows(1);
  errors.push(...await settle(sources, ({ desc }) => desc === "DEFAULT ACL", "post-data", options));
  return { errors: [...errors, ...before.notes(), ...after.notes(), ...scripts.problems()], skipped };
}

function partitionDepths({ tables }: TableGrouping): Map<number, number> {
  const parents = new Map(tables.map((table) => [table.qualifiedName, partitionedParent(table)]));
  const depth = (name: string | null): number => name === null ? -1 : 1 + depth(parents.get(name) ?? null);
  return new Map(tables.map(({ table, qualifiedName }) => [Number(table.oid), depth(qualifiedName)]));
}

async function schemaSources(options: RestoreTierOptions): Promise<Source[]> {
  const sources: Source[] = [];
  const taken = new Set<number>();
  let largeObjects = options.archive !== null;
  for (const { archive } of options.manifest.schemas) {
    if (archive === null) continue;
    const { toc } = await readTocOfFile(join(options.folder, archive));
    const entries = kept(toc.entries, options.skipped).filter((entry) =>
      !isOfDatabase(entry) && !(largeObjects && isLargeObject(entry))
    );
    largeObjects ||= entries.some(isLargeObject);
    for (const { dumpId } of entries) taken.add(dumpId);
    sources.push({ path: archive, entries });
  }
  if (options.archive === null || options.toc === null) return sources;
  const rest = kept(options.toc.entries, options.skipped).filter((entry) =>
    !taken.has(entry.dumpId) && !isOfDatabase(entry)
  );
  return [{ path: options.archive, entries: rest }, ...sources];
}

function kept(entries: readonly TocEntry[], skipped: ReadonlyMap<number, string>): TocEntry[] {
  return entries.filter(({ dumpId }) => !skipped.has(dumpId));
}

async function restoreData(
  sources: readonly Source[],
  jobs: number,
  options: RestoreTierOptions,
): Promise<RestoreNote[]> {
  const notes: RestoreNote[] = [];
  const late = checksThatRead(options.toc?.entries ?? []);
  for (const isTurn of [({ dumpId }: TocEntry) => !late.has(dumpId), ({ dumpId }: TocEntry) => late.has(dumpId)]) {
    for (const source of sources) {
      const entries = ofSection(source.entries, "data").filter(isTurn);
      if (entries.length === 0) continue;
      const archive = archiveOptions(options, source.path);
      notes.push(...notesOf(await restoreArchive({ ...archive, jobs, entries, args: ["--section=data"] }), entries));
    }
  }
  return notes;
}

/** Extensions belong to no schema: without a full archive they come from the manifest. */
async function createExtensions(session: Session, options: RestoreTierOptions): Promise<RestoreNote[]> {
  const notes: RestoreNote[] = [];
  for (const { name, schema } of options.manifest.extensions) {
    if (/^is not installed/.test(options.unavailableExtensions.get(name) ?? "")) continue;
    const where = schema === "pg_catalog" ? "" : ` WITH SCHEMA ${quoteIdentifier(schema)}`;
    await attempt(
      session,
      `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}${where} CASCADE`,
      `EXTENSION ${name}`,
      notes,
    );
  }
  return notes;
}

/** Comment, settings and privileges of the database itself: `pg_restore` applies them with `--create` only. */
export async function restoreDatabaseProperties(session: Session, toc: Toc): Promise<RestoreNote[]> {
  const notes: RestoreNote[] = [];
  for (const entry of toc.entries) {
    if (entry.desc === "DATABASE" || !isOfDatabase(entry)) continue;
    await attempt(session, entry.defn ?? "", entryName(entry), notes);
  }
  const owner = toc.entries.find(({ desc }) => desc === "DATABASE")?.owner;
  if (owner) {
    const statement = `ALTER DATABASE ${quoteIdentifier(toc.header.database ?? "")} OWNER TO ${quoteIdentifier(owner)}`;
    await attempt(session, statement, "DATABASE", notes);
  }
  return notes;
}

async function attempt(session: Session, statement: string, object: string, notes: RestoreNote[]): Promise<void> {
  try {
    await session.execute(statement);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    notes.push(plainNote(object, error.serverMessage));
  }
}
