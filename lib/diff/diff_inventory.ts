import type { Toc } from "../archive/mod.ts";
import type { ExtensionRow, ViewOptionsRow } from "../catalog/mod.ts";
import type { Description } from "../verify/mod.ts";
import type {
  DatabaseDiff,
  ExtensionChange,
  LargeObjectChange,
  SequenceChange,
  ViewOptionChange,
} from "./database_diff.ts";

/** Extensions by version and schema. */
export function diffExtensions(before: readonly ExtensionRow[], after: readonly ExtensionRow[]): ExtensionChange[] {
  const text = ({ version, schema }: ExtensionRow) => `${version} in ${schema}`;
  const old = new Map(before.map((row) => [row.name, text(row)]));
  const now = new Map(after.map((row) => [row.name, text(row)]));
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((name): ExtensionChange[] => {
    const one = old.get(name) ?? null;
    const other = now.get(name) ?? null;
    if (one === other) return [];
    return [{
      change: one === null ? "added" : other === null ? "removed" : "changed",
      name,
      before: one,
      after: other,
    }];
  });
}

/** Options of views that are on both sides. */
export function diffViewOptions(before: Description, after: Description): ViewOptionChange[] {
  const old = optionsOf(before.viewOptions);
  const now = optionsOf(after.viewOptions);
  const [oldViews, nowViews] = [viewsOf(before.toc), viewsOf(after.toc)];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((key): ViewOptionChange[] => {
    const [schema = "", view = ""] = key.split("\0");
    const isThere = (options: ReadonlyMap<string, unknown>, views: ReadonlySet<string> | null) =>
      options.has(key) || views === null || views.has(key);
    if (!isThere(old, oldViews) || !isThere(now, nowViews)) return [];
    const [one, other] = [old.get(key) ?? [], now.get(key) ?? []];
    return one.join() === other.join() ? [] : [{ schema, view, before: one, after: other }];
  });
}

function optionsOf(rows: readonly ViewOptionsRow[]): Map<string, readonly string[]> {
  return new Map(rows.map(({ schema, view, options }) => [`${schema}\0${view}`, [...options].sort()]));
}

function viewsOf(toc: Toc | null): Set<string> | null {
  if (toc === null) return null;
  return new Set(
    toc.entries.flatMap(({ desc, namespace, tag }) =>
      desc === "VIEW" || desc === "MATERIALIZED VIEW" ? [`${namespace ?? ""}\0${tag ?? ""}`] : []
    ),
  );
}

/** Sequences that are on both sides and stand elsewhere. */
export function diffSequences(before: Toc, after: Toc): SequenceChange[] {
  const values = (toc: Toc) =>
    new Map(
      toc.entries.filter(({ desc }) => desc === "SEQUENCE SET").map((entry) => [
        `${entry.namespace ?? ""}\0${entry.tag ?? ""}`,
        /, (-?\d+), (?:true|false)\);\s*$/.exec(entry.defn ?? "")?.[1] ?? "",
      ]),
    );
  const now = values(after);
  return [...values(before)].flatMap(([key, one]): SequenceChange[] => {
    const [schema = "", name = ""] = key.split("\0");
    const other = now.get(key);
    return other === undefined || other === one ? [] : [{ schema, name, before: one, after: other }];
  });
}

/** Large objects as a whole; null if they are the same or not known. */
export function diffLargeObjects(before: Description, after: Description): LargeObjectChange | null {
  const [one, other] = [before.largeObjects, after.largeObjects];
  if (one === null || other === null || (one.count === other.count && one.sha256 === other.sha256)) return null;
  return {
    countBefore: one.count,
    countAfter: other.count,
    bytesBefore: one.bytes,
    bytesAfter: other.bytes,
  };
}

/** Encoding and locale. */
export function diffDatabaseFacts(before: Description, after: Description): DatabaseDiff["database"] {
  return (["encoding", "locale"] as const).flatMap((what) =>
    before[what] === after[what] ? [] : [{ what, before: before[what], after: after[what] }]
  );
}
