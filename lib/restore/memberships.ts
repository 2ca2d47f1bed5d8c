import type { Toc, TocEntry } from "../archive/mod.ts";
import { publicationOf } from "./platform_rules.ts";
import type { TargetFacts } from "./target_facts.ts";

/** Publications that chosen tables and schemas were in. */
export interface Memberships {
  /** Entries that put them in again. */
  readonly entries: readonly TocEntry[];
  /** In words: what stays out of a publication, and why. */
  readonly lost: readonly string[];
}

/** A table that is dropped leaves its publications: those of chosen tables and schemas have to come along. */
export function membershipsOf(toc: Toc, chosen: readonly TocEntry[], facts: TargetFacts): Memberships {
  const ids = new Set(chosen.filter(({ desc }) => desc === "TABLE" || desc === "SCHEMA").map(({ dumpId }) => dumpId));
  const entries: TocEntry[] = [];
  const lost: string[] = [];
  for (const entry of toc.entries) {
    if (!entry.desc.startsWith("PUBLICATION ") || !entry.dependencies.some((dumpId) => ids.has(dumpId))) continue;
    const publication = publicationOf(entry) ?? "";
    const owner = facts.publications.get(publication);
    const what = entry.desc === "PUBLICATION TABLE"
      ? `table ${entry.namespace}.${(entry.tag ?? "").slice(publication.length + 1)}`
      : `schema ${entry.namespace}`;
    if (owner === undefined) lost.push(`${what} is not put into publication ${publication}: the target lacks it`);
    else if (!facts.role.superuser && (entry.desc !== "PUBLICATION TABLE" || !facts.role.actsFor.has(owner))) {
      lost.push(`${what} is not put into publication ${publication}: it belongs to ${owner}`);
    } else entries.push(entry);
  }
  return { entries, lost };
}
