import type { Toc } from "../archive/mod.ts";
import { tableKey } from "./description.ts";
import type { RestoreNote } from "./restore_note.ts";

/** What of a restore's errors is due to extensions that are not here. */
export interface SortedErrors {
  readonly errors: readonly RestoreNote[];
  /** dumpIds of data of absent extensions' tables and sequences, with the reason. */
  readonly entries: ReadonlyMap<number, string>;
  /** Such tables that stand in the table tier only, by `tableKey`. */
  readonly tables: ReadonlyMap<string, string>;
}

/**
 * Rows of an extension's tables have no definition in the archive that would say whose they are: that they could not
 * be restored, while an extension is absent, tells.
 */
export function sortErrors(
  notes: readonly RestoreNote[],
  toc: Toc | null,
  absent: ReadonlySet<string>,
): SortedErrors {
  const entries = new Map<number, string>();
  const tables = new Map<string, string>();
  if (absent.size === 0) return { errors: notes, entries, tables };
  const reason = `needs an extension that is not installed on this machine: ${[...absent].join(", ")}`;
  const ids = undefinedData(toc);
  const names = new Map(
    (toc?.entries ?? []).filter(({ desc, dumpId }) => desc === "TABLE DATA" && ids.has(dumpId))
      .map((entry) => [tableKey(entry.namespace ?? "", entry.tag ?? ""), entry.dumpId]),
  );
  const relations = new Map(
    (toc?.entries ?? []).filter(({ dumpId }) => ids.has(dumpId))
      .map(({ dumpId, namespace, tag }) => [`${namespace ?? ""}.${tag ?? ""}`, dumpId]),
  );
  const errors = notes.filter(({ dumpId, table, message }) => {
    if (!/ does not exist$/.test(message)) return true;
    // Parallel workers of pg_restore write between each other's lines: the message itself names the relation.
    const missing = relations.get(/relation "(.*)" does not exist$/.exec(message)?.[1] ?? "");
    const id = missing ?? dumpId;
    if (id !== null && ids.has(id)) {
      entries.set(id, reason);
      return false;
    }
    if (table === null) return true;
    const key = tableKey(table.schema, table.name);
    const named = names.get(key);
    if (named !== undefined) entries.set(named, reason);
    tables.set(key, reason);
    return false;
  });
  return { errors, entries, tables };
}

/** Data of tables and sequences that the archive does not define. */
function undefinedData(toc: Toc | null): Set<number> {
  const defined = new Set<string>();
  for (const { desc, namespace, tag } of toc?.entries ?? []) {
    if (desc === "TABLE" || desc === "SEQUENCE") defined.add(tableKey(namespace ?? "", tag ?? ""));
  }
  const ids = new Set<number>();
  for (const { desc, namespace, tag, dumpId } of toc?.entries ?? []) {
    const isData = desc === "TABLE DATA" || desc === "SEQUENCE SET";
    if (isData && !defined.has(tableKey(namespace ?? "", tag ?? ""))) ids.add(dumpId);
  }
  return ids;
}
