import type { TocEntry } from "../archive/mod.ts";
import { qualifiedName, quoteIdentifier } from "../base/mod.ts";
import type { TargetFacts } from "./target_facts.ts";

/**
 * Rows and values of tables and sequences that only missing extensions would make (cron.job, spatial_ref_sys, …). The
 * archive does not say whose they are: they are those without a definition in it and in the target, except where an
 * extension that can be created has the schema and no missing one has.
 *
 * @returns dumpIds of such data
 */
export function dataOfMissingExtensions(
  entries: readonly TocEntry[],
  missing: readonly TocEntry[],
  { relations }: Pick<TargetFacts, "relations">,
): ReadonlySet<number> {
  if (missing.length === 0) return new Set();
  const defined = new Set(relations.map(({ schema, name }) => qualifiedName(schema, name)));
  for (const { desc, namespace, tag } of entries) {
    if (desc === "TABLE" || desc === "SEQUENCE") defined.add(qualifiedName(namespace ?? "", tag ?? ""));
  }
  const extensions = entries.filter(({ desc }) => desc === "EXTENSION");
  const others = extensions.filter((entry) => !missing.includes(entry));
  return new Set(
    entries.filter(({ desc, namespace, tag }) => {
      if (desc !== "TABLE DATA" && desc !== "SEQUENCE SET") return false;
      if (defined.has(qualifiedName(namespace ?? "", tag ?? ""))) return false;
      const has = (extension: TocEntry) => hasSchema(extension, namespace ?? "");
      return missing.some(has) || !others.some(has);
    }).map(({ dumpId }) => dumpId),
  );
}

/** Whether a schema is the one an extension is created in, or makes by itself, by its name: pg_cron makes cron. */
function hasSchema(extension: TocEntry, schema: string): boolean {
  return schemaOf(extension) === quoteIdentifier(schema) || (extension.tag ?? "").includes(schema);
}

/** The schema an extension is created in, quoted as pg_dump writes it. */
function schemaOf({ defn }: TocEntry): string | null {
  return / WITH SCHEMA ("(?:[^"]|"")+"|[^\s;]+)/u.exec(defn ?? "")?.[1] ?? null;
}
