import type { TocEntry } from "../archive/mod.ts";
import type { Session } from "../connection/mod.ts";
import { choicesOf } from "./backup_scope.ts";
import { setAsideDefaultPrivileges } from "./default_privileges.ts";
import { type Drops, NO_DROPS } from "./drops.ts";
import { joinedLast } from "./joined_last.ts";
import type { Overwritten } from "./plan.ts";
import { checkPlatformColumns } from "./platform_columns.ts";
import { planPlatformExtras } from "./platform_extras.ts";
import { POLICY_REFUSED } from "./platform_rules.ts";
import { planRows } from "./rows_plan.ts";
import type { RestoreWork } from "./restore_work.ts";
import { planSchemaDrops, UNLINK_ALL } from "./schema_drops.ts";
import type { ScriptPart } from "./script_part.ts";
import { refuseDependents } from "./table_dependents.ts";
import { planTableDrops } from "./table_drops.ts";

/** A change of the living database as one script. */
export interface InPlacePlan {
  readonly parts: readonly ScriptPart[];
  /** What is dropped or emptied. */
  readonly overwritten: readonly Overwritten[];
  /** Whether what is overwritten are rows only. */
  readonly rowsOnly: boolean;
  /** What is left to a person. */
  readonly todo?: readonly string[];
  /** Entries restored. */
  readonly entries: number;
}

/**
 * Plans one transaction: what is in the way goes, the platform's tables get their rows, then everything of the work list
 * comes in the archive's order, and what needs care last.
 */
export async function planInPlace(session: Session, work: RestoreWork): Promise<InPlacePlan> {
  const { list, archive, options, facts, selection } = work;
  const part = (entries: readonly TocEntry[]) => archiveParts(archive.path, entries);
  if (options.content === "data-only") {
    const entries = [...list.platformRows, ...list.entries];
    const rows = await planRows(session, facts, { ...sortRows(entries), part });
    const blobs = facts.largeObjects > 0 && entries.some(({ desc }) => desc.startsWith("BLOB"));
    return {
      parts: [...blobs ? [{ type: "sql" as const, text: UNLINK_ALL }] : [], ...rows.parts, ...rows.last],
      overwritten: [
        ...rows.overwritten,
        ...blobs ? [{ object: `${facts.largeObjects} large objects`, rows: null, estimated: false }] : [],
      ],
      rowsOnly: true,
      entries: entries.length,
    };
  }
  const drops = await planDrops(session, work);
  const wanted = new Set([...list.entries, ...drops.again].map(({ dumpId }) => dumpId));
  const entries = archive.toc.entries.filter((entry) =>
    wanted.has(entry.dumpId) && !(entry.desc === "SCHEMA" && drops.keptSchemas.has(entry.tag ?? "")) &&
    // A schema that stays is still in its publications.
    !(entry.desc === "PUBLICATION TABLES IN SCHEMA" && !selection.whole && drops.keptSchemas.has(entry.namespace ?? ""))
  );
  const defaults = facts.ownDefaultPrivileges === 0
    ? { aside: "", back: "" }
    : await setAsideDefaultPrivileges(session, drops.droppedSchemas);
  const platform = list.platformRows.length === 0
    ? { parts: [], last: [], overwritten: [] }
    : await planRows(session, facts, { ...sortRows(list.platformRows), part });
  if (facts.supabase) await checkPlatformColumns(session, list.platformRows);
  const extras = facts.supabase ? await planPlatformExtras(session, work) : { sql: [], todo: [] };
  const sql = (text: string): ScriptPart[] => text === "" ? [] : [{ type: "sql", text }];
  return {
    parts: [
      ...sql([defaults.aside, drops.sql].filter((text) => text !== "").join("\n")),
      ...platform.parts,
      ...part(joinedLast(entries, archive.toc)),
      ...sql([...list.after, ...extras.sql, defaults.back].filter((text) => text !== "").join("\n")),
      ...platform.last,
    ],
    todo: [...extras.todo, ...policiesToMake(work, drops)],
    overwritten: [...drops.overwritten, ...platform.overwritten],
    rowsOnly: false,
    entries: entries.length + list.platformRows.length,
  };
}

/** Policies that only the platform's owner can make: their text, for the SQL editor of the dashboard. */
function policiesToMake({ list, archive }: RestoreWork, drops: Drops): string[] {
  const refused = new Set([
    ...list.leftOut.filter(({ reason }) => reason === POLICY_REFUSED).map(({ dumpId }) => dumpId),
    ...drops.refused.filter(({ desc }) => desc === "POLICY").map(({ dumpId }) => dumpId),
  ]);
  return archive.toc.entries.filter(({ dumpId }) => refused.has(dumpId))
    .map(({ defn }) => `create the policy in the dashboard: ${(defn ?? "").trim()}`);
}

/** The pieces that restore entries of an archive; contents of large objects come last. */
export function archiveParts(archive: string, entries: readonly TocEntry[]): ScriptPart[] {
  const contents = entries.filter(isLargeObjectData);
  const others = entries.filter((entry) => !isLargeObjectData(entry));
  return [
    ...others.length === 0 ? [] : [{ type: "archive" as const, archive, entries: others }],
    ...contents.length === 0 ? [] : [{ type: "large_objects" as const, archive, entries: contents }],
  ];
}

function isLargeObjectData({ desc }: TocEntry): boolean {
  return desc === "BLOBS";
}

function sortRows(entries: readonly TocEntry[]): { readonly data: TocEntry[]; readonly rest: TocEntry[] } {
  return {
    data: entries.filter(({ desc }) => desc === "TABLE DATA"),
    rest: entries.filter(({ desc }) => desc !== "TABLE DATA"),
  };
}

async function planDrops(session: Session, work: RestoreWork): Promise<Drops> {
  const { options, selection, facts, archive, list } = work;
  const bySchema = selection.whole || selection.schemas.length > 0
    ? await planSchemaDrops(session, facts, archive.toc, list.entries, selection, coveredSchemas(work))
    : NO_DROPS;
  const inSchemas = new Set(selection.whole ? [] : selection.schemas);
  const single = list.entries.filter(({ namespace }) => !inSchemas.has(namespace ?? ""));
  const byTable = selection.whole || selection.tables.length === 0 && single.length === 0
    ? NO_DROPS
    : await planTableDrops(session, facts, archive.toc, selection.schemas.length > 0 ? single : list.entries);
  if (options.clean && byTable.sql !== "" && selection.schemas.length === 0) {
    await refuseDependents(session, facts, list.entries);
  }
  return {
    sql: [bySchema.sql, byTable.sql].filter((text) => text !== "").join("\n"),
    overwritten: [...bySchema.overwritten, ...byTable.overwritten],
    keptSchemas: bySchema.keptSchemas,
    droppedSchemas: bySchema.droppedSchemas,
    again: [...bySchema.again, ...byTable.again],
    refused: [...bySchema.refused, ...byTable.refused],
  };
}

/** Schemas that the backup holds in full: none when it was made of a choice. */
function coveredSchemas({ source: { manifest } }: RestoreWork): Set<string> {
  return new Set(choicesOf(manifest).length > 0 ? [] : manifest.schemas.map(({ name }) => name));
}
