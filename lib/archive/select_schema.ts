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
  let places = placesByToc.get(toc);
  if (places === undefined) placesByToc.set(toc, places = placesOf(toc));
  const chosen = new Set([
    ...places.general,
    ...places.bySchema.get(schema) ?? [],
    ...options.largeObjects ? places.largeObjects : [],
  ]);
  return withEntries(toc, [...chosen].sort((a, b) => a - b).flatMap((place) => toc.entries[place] ?? []));
}

/** Where entries stand in a table of contents. */
interface Places {
  readonly general: readonly number[];
  readonly largeObjects: readonly number[];
  readonly bySchema: ReadonlyMap<string, readonly number[]>;
}

/** Found once: a database may have thousands of schemas. */
const placesByToc = new WeakMap<Toc, Places>();

function placesOf({ entries }: Toc): Places {
  const general: number[] = [];
  const largeObjects: number[] = [];
  const bySchema = new Map<string, number[]>();
  for (const [place, entry] of entries.entries()) {
    if (isGeneral(entry)) general.push(place);
    if (isLargeObject(entry)) largeObjects.push(place);
    const schema = schemaOf(entry);
    if (schema === null) continue;
    const list = bySchema.get(schema);
    if (list === undefined) bySchema.set(schema, [place]);
    else list.push(place);
  }
  return { general, largeObjects, bySchema };
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

/** The schema an entry belongs to or is about. */
function schemaOf({ desc, namespace, tag }: TocEntry): string | null {
  if (desc.startsWith("PUBLICATION")) return null;
  if (!isEmpty(namespace)) return namespace;
  if (desc === "SCHEMA") return tag;
  return ATTACHED_KINDS.has(desc) && tag?.startsWith("SCHEMA ") ? tag.slice("SCHEMA ".length) : null;
}

function isEmpty(namespace: string | null): boolean {
  return namespace === null || namespace === "";
}
