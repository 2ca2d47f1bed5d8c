import { isLargeObject, type Toc } from "../archive/mod.ts";
import { isOfDatabase } from "./definitions.ts";

/**
 * The part of a table of contents that archives of schemas have, too: without what stands in no schema.
 *
 * @param expected those archives: they have large objects only where a column refers to some
 */
export function schemaEntriesOf(toc: Toc, expected: Toc): Toc {
  const largeObjects = expected.entries.some(isLargeObject);
  const entries = toc.entries.filter((entry) => {
    if (entry.desc.startsWith("PUBLICATION")) return false;
    if (isLargeObject(entry)) return largeObjects;
    if (entry.namespace || isOfDatabase(entry)) return true;
    return entry.desc === "SCHEMA" || (entry.tag ?? "").startsWith("SCHEMA ");
  });
  return { ...toc, entries };
}
