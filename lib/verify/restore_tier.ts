import { join } from "@std/path";
import { groupByTable, isLargeObject, type Toc, type TocEntry } from "../archive/mod.ts";
import { quoteIdentifier } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import { openSession, type PinnedTarget, QueryError, type Session } from "../connection/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { readTocOfFile } from "./archive_file.ts";
import type { DrillNote, DrillTier } from "./drill.ts";
import { entryName } from "./entry_name.ts";
import { restoreArchive, type RestoreError } from "./restore_archive.ts";
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
}

/** Something that could not be restored. */
export interface RestoreNote extends DrillNote {
  /** The entry of the archive; null for a file of the table tier. */
  readonly dumpId: number | null;
  /** The table whose rows could not be loaded, for such a file. */
  readonly table: { readonly schema: string; readonly name: string } | null;
}

/** What came of it. */
export interface RestoreTierOutcome {
  readonly errors: RestoreNote[];
  /** dumpIds of entries that were left out. */
  readonly skipped: ReadonlyMap<number, string>;
}

/** Rounds for objects that wait for others; each restores at least one, or is the last. */
const MOST_ROUNDS = 50;

/** Kinds that are restored only where the database itself is created. */
const DATABASE_TAG = /^DATABASE /;

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
  const errors = await restoreArchive({ ...archiveOptions(options, archive), jobs: options.jobs, entries });
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
    leftOutTables,
    options.signal,
  );
  const errors: RestoreNote[] = [];
  if (options.archive === null) {
    await settle(sources, ({ desc }) => desc === "SCHEMA", "pre-data", options);
    await using session = await openSession(options.target, { signal: options.signal });
    errors.push(...await createExtensions(session, options));
  }
  const before = new Pending(sources, (entry) => options.archive !== null || entry.desc !== "SCHEMA", "pre-data");
  await rounds(async () => {
    const progress = await before.attempt(options);
    return (await scripts.runDefinitions()) || progress;
  }, () => before.left + scripts.definitionsLeft);
  await scripts.loadRows(options.jobs);
  errors.push(...await restoreData(sources, 1, options));
  const after = new Pending(sources, ({ desc }) => desc !== "DEFAULT ACL", "post-data");
  await rounds(async () => {
    const progress = await after.attempt(options);
    return (await scripts.runConstraints()) || progress;
  }, () => after.left + scripts.constraintsLeft);
  // Rows that go through a partition root wait until its partitions are attached.
  await scripts.loadRows(1);
  errors.push(...await settle(sources, ({ desc }) => desc === "DEFAULT ACL", "post-data", options));
  return { errors: [...errors, ...before.notes(), ...after.notes(), ...scripts.problems()], skipped };
}

/** An archive and the entries of it that are to be restored. */
interface Source {
  readonly path: string;
  readonly entries: readonly TocEntry[];
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

/** Entries that wait to be restored, over several rounds. */
class Pending {
  readonly #left: { readonly path: string; entries: readonly TocEntry[]; errors: readonly RestoreError[] }[];
  #begun = false;

  constructor(
    sources: readonly Source[],
    choose: (entry: TocEntry) => boolean,
    private readonly section: "pre-data" | "post-data",
  ) {
    this.#left = sources.map(({ path, entries }) => ({
      path,
      entries: ofSection(entries, section).filter(choose),
      errors: [],
    }));
  }

  get left(): number {
    if (!this.#begun) return Infinity;
    return this.#left.reduce((sum, { errors }) => sum + errors.length, 0);
  }

  /** @returns whether anything could be restored that could not before */
  async attempt(options: RestoreTierOptions): Promise<boolean> {
    let progress = false;
    for (const source of this.#left) {
      if (source.entries.length === 0 || (this.#begun && source.errors.length === 0)) continue;
      const before = this.#begun ? source.errors.length : Infinity;
      source.errors = await restoreArchive({
        ...archiveOptions(options, source.path),
        jobs: 1,
        entries: source.entries,
        args: [`--section=${this.section}`],
      });
      const failed = new Set(source.errors.map(({ dumpId }) => dumpId));
      source.entries = source.entries.filter(({ dumpId }) => failed.has(dumpId));
      progress ||= source.errors.length < before;
    }
    this.#begun = true;
    return progress;
  }

  notes(): RestoreNote[] {
    return this.#left.flatMap(({ errors, entries }) => notesOf(errors, entries));
  }
}

async function restoreData(
  sources: readonly Source[],
  jobs: number,
  options: RestoreTierOptions,
): Promise<RestoreNote[]> {
  const notes: RestoreNote[] = [];
  for (const source of sources) {
    const entries = ofSection(source.entries, "data");
    if (entries.length === 0) continue;
    const archive = archiveOptions(options, source.path);
    notes.push(...notesOf(await restoreArchive({ ...archive, jobs, entries, args: ["--section=data"] }), entries));
  }
  return notes;
}

/** Entries without a section of their own go with what stands before them (PostgreSQL: `ProcessArchiveRestoreOptions`). */
function ofSection(entries: readonly TocEntry[], section: TocEntry["section"]): TocEntry[] {
  let current: TocEntry["section"] = "pre-data";
  return entries.filter((entry) => {
    if (entry.section !== "none") current = entry.section;
    return current === section;
  });
}

/** Restores a section of all sources in as many rounds as it takes; gives what still failed in the last. */
async function settle(
  sources: readonly Source[],
  choose: (entry: TocEntry) => boolean,
  section: "pre-data" | "post-data",
  options: RestoreTierOptions,
): Promise<RestoreNote[]> {
  const pending = new Pending(sources, choose, section);
  await rounds(() => pending.attempt(options), () => pending.left);
  return pending.notes();
}

async function rounds(attempt: () => Promise<boolean>, left: () => number): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS && left() > 0; round++) {
    if (!(await attempt())) return;
  }
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

function isOfDatabase(entry: TocEntry): boolean {
  if (entry.desc === "DATABASE" || entry.desc === "DATABASE PROPERTIES") return true;
  return ["ACL", "COMMENT", "SECURITY LABEL"].includes(entry.desc) && DATABASE_TAG.test(entry.tag ?? "");
}

function archiveOptions(
  options: RestoreTierOptions,
  archive: string,
): Pick<Parameters<typeof restoreArchive>[0], "tools" | "environment" | "database" | "path" | "signal"> {
  const { tools, environment, target, folder, signal } = options;
  return { tools, environment, database: target.database, path: join(folder, archive), signal };
}

function notesOf(errors: readonly RestoreError[], entries: readonly TocEntry[]): RestoreNote[] {
  const names = new Map(entries.map((entry) => [entry.dumpId, entryName(entry)]));
  return errors.map(({ dumpId, message }) => ({
    dumpId,
    table: null,
    object: (dumpId === null ? undefined : names.get(dumpId)) ?? `entry ${dumpId ?? "unknown"}`,
    message,
  }));
}

function plainNote(object: string, message: string): RestoreNote {
  return { object, message, dumpId: null, table: null };
}
