import type { Toc, TocEntry } from "../archive/mod.ts";
import { quoteIdentifier } from "../base/mod.ts";
import { isAttached, quotedName } from "./entry_names.ts";
import { hangingKey, platformVerdict } from "./platform_rules.ts";
import type { Cascaded } from "./schema_contents.ts";
import type { TargetFacts } from "./target_facts.ts";

/** Kinds that hang on another relation. */
const HANGING_KINDS: ReadonlySet<string> = new Set(["INDEX", "MATERIALIZED VIEW DATA", "RULE", "TRIGGER"]);

/** Entries that nobody chose and that go with what is dropped: they come back, with what is said about them. */
export function entriesOfCascade(toc: Toc, chosen: readonly TocEntry[], cascade: readonly Cascaded[]): TocEntry[] {
  const gone = new Set(cascade.map(({ kind, name }) => `${kind} ${name}`));
  const known = new Set(chosen.map(({ dumpId }) => dumpId));
  const found = new Set<number>();
  for (const entry of toc.entries) {
    const [subject] = entry.dependencies;
    const hangs = (isAttached(entry) || HANGING_KINDS.has(entry.desc)) && subject !== undefined && found.has(subject);
    const key = cascadeKey(entry);
    if (!known.has(entry.dumpId) && (hangs || (key !== null && gone.has(key)))) found.add(entry.dumpId);
  }
  return toc.entries.filter(({ dumpId }) => found.has(dumpId));
}

/** An entry as PostgreSQL identifies what goes in a cascade; null for kinds that do not come back by themselves. */
export function cascadeKey(entry: TocEntry): string | null {
  switch (entry.desc) {
    case "EXTENSION":
      return `extension ${quoteIdentifier(entry.tag ?? "")}`;
    case "VIEW":
    case "MATERIALIZED VIEW":
      return `${entry.desc.toLowerCase()} ${quotedName(entry)}`;
    case "POLICY":
    case "TRIGGER": {
      // POLICY name ON schema.table
      const match = /^\S+ (.*) ON ([^ ].*)$/su.exec(hangingKey(entry) ?? "");
      return match === null ? null : `${entry.desc.toLowerCase()} ${match[1]} on ${match[2]}`;
    }
    case "FK CONSTRAINT": {
      const match = /^ALTER TABLE (?:ONLY )?(.*) DROP CONSTRAINT (.*);\n$/su.exec(entry.dropStmt ?? "");
      return match === null ? null : `table constraint ${match[2]} on ${match[1]}`;
    }
    default:
      return null;
  }
}

/** A policy on a table of Supabase's platform that goes in a cascade may be one that only the platform can make. */
export function mayComeBack(entry: TocEntry, facts: TargetFacts): boolean {
  return !facts.supabase || platformVerdict(entry, facts, new Set()).restore === "as usual";
}
