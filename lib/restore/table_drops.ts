import type { Toc, TocEntry } from "../archive/mod.ts";
import type { Session } from "../connection/mod.ts";
import { describeDropped, type Drops, inTurn, NO_DROPS, RELATION_WORDS } from "./drops.ts";
import { quotedName } from "./entry_names.ts";
import { findExisting } from "./existing_objects.ts";
import type { TargetFacts } from "./target_facts.ts";

/** Plans what is dropped when single tables are replaced: they alone, and foreign keys of others that point at them. */
export async function planTableDrops(
  session: Session,
  facts: TargetFacts,
  toc: Toc,
  entries: readonly TocEntry[],
): Promise<Drops> {
  const relations = entries.filter(({ desc }) => RELATION_WORDS.has(desc));
  const existing = await findExisting(session, relations);
  const gone = relations.filter(({ dumpId }) => existing.has(dumpId));
  if (gone.length === 0) return NO_DROPS;
  const ids = new Set(gone.map(({ dumpId }) => dumpId));
  const chosen = new Set(entries.map(({ dumpId }) => dumpId));
  const byId = new Map(toc.entries.map((entry) => [entry.dumpId, entry]));
  const keys = toc.entries.filter((entry) =>
    entry.desc === "FK CONSTRAINT" && !chosen.has(entry.dumpId) &&
    entry.dependencies.some((id) => ids.has(id) || byId.get(id)?.dependencies.some((below) => ids.has(below)))
  );
  const there = await findExisting(session, tablesOf(keys, byId));
  const again = keys.filter((key) => key.dependencies.some((id) => there.has(id)));
  const owned = new Set(
    entries.filter(({ desc }) => desc === "SEQUENCE OWNED BY").map(({ dependencies }) => dependencies[0]),
  );
  const sql = [
    ...again.flatMap((entry) =>
      (entry.dropStmt ?? "") === "" ? [] : [
        (entry.dropStmt ?? "").replace(/^ALTER TABLE /, "ALTER TABLE IF EXISTS ")
          .replace(/ DROP CONSTRAINT (?!IF )/, " DROP CONSTRAINT IF EXISTS ").trimEnd(),
      ]
    ),
    ...dropTogether(
      gone.filter(({ dumpId, desc }) => !(desc === "SEQUENCE" && (owned.has(dumpId) || isIdentity(byId, dumpId)))),
    ),
  ];
  const overwritten = await inTurn(
    gone.filter(({ desc }) => desc !== "SEQUENCE"),
    ({ namespace, desc, ...entry }) =>
      describeDropped(session, facts, {
        schema: namespace ?? "",
        kind: desc,
        name: quotedName({ ...entry, namespace, desc }) ?? "",
      }, null),
  );
  return { ...NO_DROPS, sql: sql.join("\n"), overwritten, again };
}

/** Tables in one statement, so that foreign keys among them do not matter; views before what they show. */
function dropTogether(entries: readonly TocEntry[]): string[] {
  return ["VIEW", "MATERIALIZED VIEW", "TABLE", "FOREIGN TABLE", "SEQUENCE"].flatMap((kind) => {
    const names = entries.filter(({ desc }) => desc === kind).map(quotedName);
    return names.length === 0 ? [] : [`DROP ${kind} IF EXISTS ${names.join(", ")};`];
  });
}

function isIdentity(byId: ReadonlyMap<number, TocEntry>, dumpId: number): boolean {
  return (byId.get(dumpId)?.defn ?? "").startsWith("ALTER TABLE ");
}

function tablesOf(keys: readonly TocEntry[], byId: ReadonlyMap<number, TocEntry>): TocEntry[] {
  return [...new Set(keys.flatMap(({ dependencies }) => dependencies))].flatMap((id) => {
    const entry = byId.get(id);
    return entry?.desc === "TABLE" ? [entry] : [];
  });
}
