import { groupByTable, type Toc, type TocEntry } from "../archive/mod.ts";
import { isAttached, isOfDatabase, isSetting } from "./entry_names.ts";
import { entriesOf } from "./selection.ts";

/** Kinds whose absence leaves an entry out instead of bringing the other along. */
const TIES: ReadonlySet<string> = new Set(["FK CONSTRAINT"]);

/** What chosen entries need besides themselves. */
export interface Needs {
  /** Entries that have to come along, with what is said about them. */
  readonly added: readonly TocEntry[];
  /** Entries that cannot be restored, with the reason. */
  readonly impossible: ReadonlyMap<number, string>;
}

/** Everything the chosen entries depend on, directly or not, that is not chosen itself: what to look for in the target. */
export function possibleNeeds(toc: Toc, chosen: readonly TocEntry[]): TocEntry[] {
  const members = new Set(chosen.map(({ dumpId }) => dumpId));
  const byId = new Map(toc.entries.map((entry) => [entry.dumpId, entry]));
  const found = new Set<number>();
  const visit = (entry: TocEntry): void => {
    for (const dependency of [...entry.dependencies, ...schemaOf(toc, entry)]) {
      const other = byId.get(dependency);
      if (other === undefined || found.has(dependency) || members.has(dependency)) continue;
      if (isOfDatabase(other) || isSetting(other)) continue;
      found.add(dependency);
      visit(other);
    }
  };
  for (const entry of chosen) visit(entry);
  return toc.entries.filter(({ dumpId }) => found.has(dumpId));
}

/**
 * Settles what comes along.
 *
 * @param existing dumpIds of {@linkcode possibleNeeds} whose object is in the target
 */
export function settleNeeds(toc: Toc, chosen: readonly TocEntry[], existing: ReadonlySet<number>): Needs {
  const byId = new Map(toc.entries.map((entry) => [entry.dumpId, entry]));
  const groups = new Map(groupByTable(toc).tables.map((group) => [group.table.dumpId, group]));
  const members = new Set(chosen.map(({ dumpId }) => dumpId));
  const added = new Set<number>();
  const impossible = new Map<number, string>();
  const queue = [...chosen];
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    for (const dependency of [...entry.dependencies, ...schemaOf(toc, entry)]) {
      const other = byId.get(dependency);
      if (other === undefined || members.has(dependency) || added.has(dependency) || existing.has(dependency)) continue;
      if (isOfDatabase(other) || isSetting(other) || isSubordinate(other)) continue;
      if (TIES.has(entry.desc)) {
        if (other.desc !== "TABLE") continue;
        impossible.set(entry.dumpId, `refers to ${other.namespace}.${other.tag}, which is not there`);
        continue;
      }
      const group = groups.get(dependency);
      for (const one of group === undefined ? [other] : entriesOf(group)) {
        if (added.has(one.dumpId) || members.has(one.dumpId)) continue;
        added.add(one.dumpId);
        queue.push(one);
      }
    }
  }
  for (const entry of toc.entries) {
    const subject = entry.dependencies[0];
    if (isAttached(entry) && subject !== undefined && added.has(subject)) added.add(entry.dumpId);
  }
  return { added: toc.entries.filter(({ dumpId }) => added.has(dumpId)), impossible };
}

/** Entries that come with a table: a dependency on them is one on the table, which is looked up itself. */
function isSubordinate(entry: TocEntry): boolean {
  return ["CONSTRAINT", "INDEX", "DEFAULT", "TABLE DATA", "SEQUENCE SET", "SEQUENCE OWNED BY"].includes(entry.desc) ||
    isAttached(entry);
}

const schemaEntries = new WeakMap<Toc, ReadonlyMap<string, number>>();

/** pg_dump notes no dependency on the schema. */
function schemaOf(toc: Toc, entry: TocEntry): number[] {
  if ((entry.namespace ?? "") === "") return [];
  const known = schemaEntries.get(toc) ??
    new Map(toc.entries.filter(({ desc }) => desc === "SCHEMA").map(({ tag, dumpId }) => [tag ?? "", dumpId]));
  schemaEntries.set(toc, known);
  const schema = known.get(entry.namespace ?? "");
  return schema === undefined ? [] : [schema];
}
