import type { TocEntry } from "./toc_entry.ts";

/** Kinds that a table's check can be part of, or reach a function through. */
const BETWEEN: ReadonlySet<string> = new Set(["TYPE", "DOMAIN", "FUNCTION"]);

/**
 * dumpIds of rows (TABLE DATA) whose table, or the domain of one of its columns, has a check that calls a function of
 * the archive which reads from tables. PostgreSQL does not know what a function reads, so that pg_dump orders such rows
 * like all others, and where they come first they are refused. A function that only calls another one is not seen through.
 */
export function checksThatRead(entries: readonly TocEntry[]): ReadonlySet<number> {
  const reads = new Set(
    entries.filter(({ desc, defn }) => desc === "FUNCTION" && /\bFROM\b/i.test(body(defn))).map(({ dumpId }) => dumpId),
  );
  if (reads.size === 0) return reads;
  const byDumpId = new Map(entries.map((entry) => [entry.dumpId, entry]));
  const isRisky = (entry: TocEntry): boolean => {
    const seen = new Set<number>();
    const visit = ({ dependencies }: TocEntry, checked: boolean): boolean =>
      dependencies.some((dumpId) => {
        if (checked && reads.has(dumpId)) return true;
        const other = byDumpId.get(dumpId);
        if (other === undefined || seen.has(dumpId) || !BETWEEN.has(other.desc)) return false;
        seen.add(dumpId);
        return visit(other, hasCheck(other));
      });
    return visit(entry, hasCheck(entry));
  };
  const tables = new Set(
    entries.filter((entry) => entry.desc === "TABLE" && isRisky(entry)).map(({ dumpId }) => dumpId),
  );
  if (tables.size === 0) return tables;
  return new Set(
    entries.filter(({ desc, dependencies }) => desc === "TABLE DATA" && dependencies.some((id) => tables.has(id)))
      .map(({ dumpId }) => dumpId),
  );
}

function hasCheck({ defn }: TocEntry): boolean {
  return (defn ?? "").includes("CHECK (");
}

/** What a function does: its declaration may hold the word, too (`trim(FROM …)` in a default). */
function body(defn: string | null): string {
  const text = defn ?? "";
  return text.slice(Math.max(0, text.indexOf("\n")));
}
