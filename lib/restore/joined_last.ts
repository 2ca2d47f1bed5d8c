import type { Toc, TocEntry } from "../archive/mod.ts";
import { quotedName } from "./entry_names.ts";

/** Kinds that make indexes or join them. */
const INDEX_KINDS: ReadonlySet<string> = new Set(["CONSTRAINT", "INDEX", "INDEX ATTACH"]);

/**
 * A partition that comes back to a parent which stays joins it when its own indexes are there. Joined before, as pg_dump
 * has it, it would be given the living parent's indexes anew, under the very names of its own.
 *
 * @param entries in archive order; so is what is given back, but for what joins parents that are not among them
 */
export function joinedLast(entries: readonly TocEntry[], toc: Toc): readonly TocEntry[] {
  const absent = new Set(toc.entries.map(({ dumpId }) => dumpId));
  for (const { dumpId } of entries) absent.delete(dumpId);
  const tables = entries.filter(({ desc, dependencies }) =>
    desc === "TABLE ATTACH" && dependencies.some((dumpId) => absent.has(dumpId))
  );
  if (tables.length === 0) return entries;
  // Rows that are loaded through the root need the partition joined before.
  const names = new Map(entries.map((entry) => [entry.dumpId, quotedName(entry)]));
  if (entries.some((entry) => entry.desc === "TABLE DATA" && !isIntoItself(entry, names))) return entries;
  const here = new Set(entries.map(indexName));
  const indexes = entries.filter((entry) => entry.desc === "INDEX ATTACH" && !here.has(parentIndex(entry)));
  const outer = new Set([...tables, ...indexes]);
  const rest = entries.filter((entry) => !outer.has(entry));
  const end = rest.findLastIndex(({ desc, section }) => INDEX_KINDS.has(desc) || section === "data") + 1;
  return [...rest.slice(0, end), ...outer, ...rest.slice(end)];
}

function isIntoItself({ dependencies, copyStmt }: TocEntry, names: ReadonlyMap<number, string | null>): boolean {
  return copyStmt === null || dependencies.some((dumpId) => copyStmt.startsWith(`COPY ${names.get(dumpId)} `));
}

/** The index that an entry makes, for itself or for its constraint, as `schema.name` without quotes; null for others. */
function indexName({ desc, namespace, tag, dropStmt }: TocEntry): string | null {
  if (desc === "INDEX") return withoutQuotes(`${namespace}.${tag}`);
  const name = / DROP CONSTRAINT (.*);\n$/s.exec(dropStmt ?? "")?.[1];
  return desc !== "CONSTRAINT" || name === undefined ? null : withoutQuotes(`${namespace}.${name}`);
}

function parentIndex({ defn }: TocEntry): string | null {
  const parent = /^ALTER INDEX (.*) ATTACH PARTITION /s.exec(defn ?? "")?.[1];
  return parent === undefined ? null : withoutQuotes(parent);
}

/** pg_dump quotes more words than need it. */
function withoutQuotes(name: string): string {
  return name.replaceAll('"', "");
}
