import type { TocEntry } from "../archive/mod.ts";
import type { Session } from "../connection/mod.ts";
import { dependentsOf } from "./dependents.ts";
import { entryText } from "./entry_names.ts";
import { findExisting } from "./existing_objects.ts";
import type { RestoreWork } from "./restore_work.ts";

/** Kinds that go with a table when it is dropped with CASCADE, and stand elsewhere. */
const KINDS: ReadonlySet<string> = new Set(
  ["FK CONSTRAINT", "FUNCTION", "MATERIALIZED VIEW", "POLICY", "PROCEDURE", "TABLE", "VIEW"],
);

/** Names in one warning. */
const NAMED = 12;

/**
 * Looks for what the backup has on chosen tables from elsewhere and the target lacks: `DROP TABLE … CASCADE` took foreign
 * keys, policies and views of others with it, and nobody chose those.
 *
 * @returns a warning, or null
 */
export async function describeLostDependents(
  session: Session,
  { archive, list, selection }: Pick<RestoreWork, "archive" | "list" | "selection">,
): Promise<string | null> {
  const chosen = new Set([...selection.entries, ...list.entries].map(({ dumpId }) => dumpId));
  const roots = new Set(list.entries.filter(({ desc }) => KINDS.has(desc)).map(({ dumpId }) => dumpId));
  const found = dependentsOf(archive.toc, roots);
  const byId = new Map(archive.toc.entries.map((entry) => [entry.dumpId, entry]));
  const views = viewsOfRules(archive.toc.entries.filter(({ dumpId }) => found.has(dumpId)), byId);
  const candidates = archive.toc.entries.filter(({ dumpId, desc }) =>
    KINDS.has(desc) && (found.has(dumpId) || views.has(dumpId)) && !chosen.has(dumpId)
  );
  if (candidates.length === 0) return null;
  const tablesOf = (entry: TocEntry) =>
    entry.dependencies.flatMap((dumpId) => byId.get(dumpId) ?? []).filter(({ desc }) => desc === "TABLE");
  const existing = await findExisting(session, [...new Set([...candidates, ...candidates.flatMap(tablesOf)])]);
  // What hangs on a table that is gone itself comes with that one.
  const lost = candidates.filter((entry) =>
    !existing.has(entry.dumpId) && tablesOf(entry).every(({ dumpId }) => existing.has(dumpId) || chosen.has(dumpId))
  );
  if (lost.length === 0) return null;
  const names = lost.slice(0, NAMED).map(entryText).map(({ kind, object }) =>
    `${kind === "FK CONSTRAINT" ? "foreign key" : kind.toLowerCase()} ${object}`
  );
  const more = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : "";
  return `not restored, since nobody chose it: the backup has ${names.join(", ")}${more}, which ` +
    `need what is restored, and the target lacks them: choose them with --table, too, or run their text from schema.sql`;
}

/** Views that group by a primary key are dumped as an empty view, and as its rule `_RETURN`, which needs the table. */
function viewsOfRules(entries: readonly TocEntry[], byId: ReadonlyMap<number, TocEntry>): Set<number> {
  const rules = entries.filter(({ desc, tag }) => desc === "RULE" && (tag ?? "").endsWith(" _RETURN"));
  return new Set(
    rules.flatMap(({ namespace, tag, dependencies }) =>
      dependencies.filter((dumpId) => {
        const view = byId.get(dumpId);
        return view !== undefined && view.desc.endsWith("VIEW") && view.namespace === namespace &&
          `${view.tag} _RETURN` === tag;
      })
    ),
  );
}
