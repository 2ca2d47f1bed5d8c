import { qualifiedName } from "../base/mod.ts";
import type { PrivilegeRow } from "../catalog/mod.ts";
import { alertsOf } from "./alerts.ts";
import type { DatabaseDiff, SizeChange } from "./database_diff.ts";
import { diffGrants } from "./diff_grants.ts";
import {
  diffDatabaseFacts,
  diffExtensions,
  diffLargeObjects,
  diffSequences,
  diffViewOptions,
} from "./diff_inventory.ts";
import { diffObjects, type TableScope } from "./diff_objects.ts";
import { diffRoles } from "./diff_roles.ts";
import { diffTables, type RowProof } from "./diff_tables.ts";
import type { DiffSide } from "./side.ts";

/** What is compared, and how far. */
export interface DiffSidesOptions {
  /** Only these tables with what hangs on them; extensions, roles and the like are then left out. Default: everything. */
  readonly tables?: TableScope;
  /** Default `digest`. */
  readonly rows?: RowProof;
}

/** An archive's entry that fills a materialized view. */
const FILLED = "MATERIALIZED VIEW DATA";

/** Compares two sides; the second is what the first has become. */
export async function diffSides(
  before: DiffSide,
  after: DiffSide,
  options: DiffSidesOptions = {},
): Promise<DatabaseDiff> {
  const scope = options.tables ?? null;
  const [one, other] = [before.description, after.description];
  const notes = [...before.notes, ...after.notes, ...notesOn(before, after)];
  const tocs = one.toc !== null && other.toc !== null ? { before: one.toc, after: other.toc } : null;
  if (tocs === null) notes.push("definitions and sequences are not compared: a side has no archive that can be read");
  const found = tocs === null ? [] : diffObjects(tocs.before, tocs.after, scope);
  // Whether a materialized view is filled stands among the rows: a side without rows has none of it.
  const objects = before.hasRows && after.hasRows ? found : found.filter(({ kind }) => kind !== FILLED);
  const tables = await diffTables(before, after, scope, options.rows ?? "digest");
  const grants = diffGrants(one.privileges, other.privileges, scopeOfGrants(scope));
  const isWhole = scope === null;
  if (isWhole && !(before.hasRows && after.hasRows)) notes.push("rows are not compared: a side was read without them");
  if (isWhole && (before.roles === null || after.roles === null)) {
    notes.push("roles are not compared: a side's could not be read");
  }
  const changes = {
    objects,
    tables: tables.changes,
    grants,
    viewOptions: isWhole ? diffViewOptions(one, other) : [],
    sequences: isWhole && tocs !== null && before.hasRows && after.hasRows
      ? diffSequences(tocs.before, tocs.after)
      : [],
    largeObjects: isWhole ? diffLargeObjects(one, other) : null,
    extensions: isWhole ? diffExtensions(one.extensions, other.extensions) : [],
    roles: isWhole && before.roles !== null && after.roles !== null ? diffRoles(before.roles, after.roles) : [],
    database: isWhole ? diffDatabaseFacts(one, other) : [],
  };
  return {
    same: Object.values(changes).every((part) => part === null || (Array.isArray(part) && part.length === 0)),
    before: before.facts,
    after: after.facts,
    alerts: alertsOf(changes),
    ...changes,
    tablesSame: tables.same,
    sizes: sizesOf(before, after),
    notes,
  };
}

function scopeOfGrants(scope: TableScope): (row: PrivilegeRow) => boolean {
  if (scope === null) return () => true;
  const names = scope.map(({ schema, name }) => qualifiedName(schema, name));
  return ({ kind, object }) =>
    names.includes(object) || (kind === "column" && names.some((name) => object.startsWith(`${name}.`)));
}

function sizesOf(before: DiffSide, after: DiffSide): SizeChange {
  // Rows of extensions' tables are not read of a living database with the rest: then neither side counts them.
  const isLive = before.facts.kind === "database" || after.facts.kind === "database";
  const tables = (side: DiffSide) => [...side.description.tables.values()].filter(({ copied }) => !(isLive && copied));
  const sum = (side: DiffSide, what: "rows" | "bytes") =>
    side.hasRows ? tables(side).reduce((total, { content }) => total + content[what], 0) : null;
  const bothBackups = before.facts.backupBytes !== null && after.facts.backupBytes !== null;
  return {
    databaseBefore: before.facts.databaseBytes,
    databaseAfter: after.facts.databaseBytes,
    dataBefore: sum(before, "bytes"),
    dataAfter: sum(after, "bytes"),
    rowsBefore: sum(before, "rows"),
    rowsAfter: sum(after, "rows"),
    tablesBefore: before.hasRows ? tables(before).length : null,
    tablesAfter: after.hasRows ? tables(after).length : null,
    backupBefore: bothBackups ? before.facts.backupBytes : null,
    backupAfter: bothBackups ? after.facts.backupBytes : null,
  };
}

/** What makes equal things look different. */
function notesOn(before: DiffSide, after: DiffSide): string[] {
  const notes: string[] = [];
  const major = (text: string) => /^\d+/.exec(text)?.[0] ?? text;
  const [old, now] = [before.facts.clientVersion, after.facts.clientVersion];
  if (major(old) !== major(now)) {
    notes.push(`definitions were read by pg_dump ${old} and ${now}: some may only be worded differently`);
  }
  for (const [name, value] of Object.entries(before.copySettings)) {
    const other = after.copySettings[name];
    if (other !== undefined && other !== value) {
      notes.push(`rows were read with ${name} = ${value} and ${other}: values that depend on it look different`);
    }
  }
  return notes;
}
