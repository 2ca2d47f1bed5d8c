import type { Toc } from "./toc.ts";
import type { TocEntry } from "./toc_entry.ts";

/** Kinds that stand in every archive, whatever is cut out of it. */
const GENERAL_KINDS: ReadonlySet<string> = new Set([
  "ENCODING",
  "STDSTRINGS",
  "SEARCHPATH",
  "DATABASE",
  "DATABASE PROPERTIES",
]);

const LARGE_OBJECT_KINDS: ReadonlySet<string> = new Set(["BLOB", "BLOB METADATA", "BLOBS", "BLOB COMMENTS"]);

/** Kinds that belong to an object and carry its kind in the tag: `SCHEMA app`, `LARGE OBJECT 16459`. */
const ATTACHED_KINDS: ReadonlySet<string> = new Set(["ACL", "COMMENT", "SECURITY LABEL"]);

/**
 * Cuts one schema out of an archive: the entries `pg_dump --schema` would write, in the same order.
 *
 * Three deviations, each for a reason: the entry of a default `public` is kept as the full dump has it, so that
 * a restore does not stumble over the schema that is there already; access lists of extensions' members in the
 * schema are kept, since nothing else would bring them back; the DATABASE entries are kept.
 *
 * @param options.largeObjects also take all large objects (they belong to no schema)
 */
export function selectSchema(toc: Toc, schema: string, options: { readonly largeObjects: boolean }): Toc {
  const entries = toc.entries.filter((entry) =>
    isGeneral(entry) || isOfSchema(entry, schema) || (options.largeObjects && isLargeObject(entry))
  );
  return withEntries(toc, entries);
}

/** Names of the schemas that an archive holds anything of, in archive order. */
export function schemaNames(toc: Toc): string[] {
  const names = new Set<string>();
  for (const entry of toc.entries) {
    const name = entry.desc === "SCHEMA" ? entry.tag : entry.desc.startsWith("PUBLICATION") ? null : entry.namespace;
    if (name !== null && name !== "") names.add(name);
  }
  return [...names];
}

/** Whether an entry is a large object or belongs to one. */
export function isLargeObject(entry: TocEntry): boolean {
  if (LARGE_OBJECT_KINDS.has(entry.desc)) return true;
  return ATTACHED_KINDS.has(entry.desc) && /^LARGE OBJECTS? /.test(entry.tag ?? "");
}

/** The same archive with other entries; dependencies on entries that are left out are dropped. */
export function withEntries(toc: Toc, entries: readonly TocEntry[]): Toc {
  const kept = new Set(entries.map((entry) => entry.dumpId));
  return {
    ...toc,
    entries: entries.map((entry) => ({
      ...entry,
      dependencies: entry.dependencies.filter((dependency) => kept.has(dependency)),
    })),
  };
}

function isGeneral(entry: TocEntry): boolean {
  if (GENERAL_KINDS.has(entry.desc)) return true;
  return ATTACHED_KINDS.has(entry.desc) && isEmpty(entry.namespace) && (entry.tag ?? "").startsWith("DATABASE ");
}

function isOfSchema(entry: TocEntry, schema: string): boolean {
  if (entry.desc.startsWith("PUBLICATION")) return false;
  if (entry.namespace === schema) return true;
  if (!isEmpty(entry.namespace)) return false;
  if (entry.desc === "SCHEMA") return entry.tag === schema;
  return ATTACHED_KINDS.has(entry.desc) && entry.tag === `SCHEMA ${schema}`;
}

function isEmpty(namespace: string | null): boolean {
  return namespace === null || namespace === "";
}
