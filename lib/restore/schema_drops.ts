import { groupByTable, type Toc, type TocEntry } from "../archive/mod.ts";
import { qualifiedName, quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { cascadeKey, entriesOfCascade, mayComeBack } from "./cascade_entries.ts";
import { describeDropped, type Drops, inTurn, RELATION_WORDS } from "./drops.ts";
import { quotedName } from "./entry_names.ts";
import { findExisting } from "./existing_objects.ts";
import { ownedByPlatform } from "./platform_rules.ts";
import { readCascade, readSchemaContents, schemasOfExtensions } from "./schema_contents.ts";
import type { Selection } from "./selection.ts";
import type { TargetFacts } from "./target_facts.ts";

/** Kinds that stand in no schema. Comments and access lists come and go with them. */
const GLOBAL_KINDS: ReadonlySet<string> = new Set([
  "ACCESS METHOD",
  "CAST",
  "EVENT TRIGGER",
  "FOREIGN DATA WRAPPER",
  "PROCEDURAL LANGUAGE",
  "PUBLICATION",
  "SERVER",
  "TRANSFORM",
]);

/** Of these, kinds that are not looked up: DROP … IF EXISTS does no harm. */
const NOT_LOOKED_UP: ReadonlySet<string> = new Set(["ACCESS METHOD", "CAST", "TRANSFORM"]);

/**
 * Plans what is dropped when the whole database, or whole schemas, are replaced: everything in those schemas.
 *
 * @param covered schemas that the backup holds as they were, be it empty
 */
export async function planSchemaDrops(
  session: Session,
  facts: TargetFacts,
  toc: Toc,
  entries: readonly TocEntry[],
  selection: Selection,
  covered: ReadonlySet<string>,
): Promise<Drops> {
  const schemas = schemasToReplace(facts, entries, selection, covered);
  const contents = await readSchemaContents(session, schemas);
  const withExtensions = await schemasOfExtensions(session, schemas);
  const kept = new Set(
    schemas.filter((name) =>
      name === "public" || withExtensions.has(name) || !mayDrop(facts, name) || !entries.some(isSchema(name))
    ),
  );
  const globals = selection.whole ? await existingGlobals(session, entries) : [];
  const cascade = schemas.length === 0 ? [] : await readCascade(session, schemas, globals.length > 0);
  const gone = entriesOfCascade(toc, entries, cascade);
  const again = gone.filter((entry) => mayComeBack(entry, facts));
  const extensions = cascade.filter(({ kind }) => kind === "extension").map(({ name }) => name);
  const sql = [
    ...schemas.filter((name) => !kept.has(name)).map((name) => `DROP SCHEMA ${quoteIdentifier(name)} CASCADE;`),
    ...contents.filter(({ schema }) => kept.has(schema)).map(({ kind, name }) =>
      `DROP ${kind} IF EXISTS ${name} CASCADE;`
    ),
    ...globals.map((entry) => `DROP ${entry.desc} IF EXISTS ${quotedName(entry)} CASCADE;`),
    // After the publications: rows of published tables without a key cannot be deleted.
    ...await configurationRows(session, groupByTable({ ...toc, entries }).looseData, extensions),
    ...selection.whole && facts.largeObjects > 0 && entries.some(({ desc }) => desc.startsWith("BLOB"))
      ? [UNLINK_ALL]
      : [],
  ];
  // plpgsql stands in no archive.
  const unlisted = extensions.filter((name) => !again.some(({ tag }) => quoteIdentifier(tag ?? "") === name));
  sql.push(...unlisted.map((name) => `CREATE EXTENSION IF NOT EXISTS ${name};`));
  const known = new Set(toc.entries.map((entry) => `${quotedName(entry)}`));
  const overwritten = [
    ...await inTurn(contents, (object) => describeDropped(session, facts, object, known)),
    ...cascade.map(({ kind, name }) => {
      const fate = again.some((entry) => cascadeKey(entry) === `${kind} ${name}`) ? "restored with it" : "LOST";
      return { object: `${kind} ${name} (depends on what is replaced: ${fate})`, rows: null, estimated: false };
    }),
    ...globals.map((entry) => ({ object: `${entry.desc.toLowerCase()} ${entry.tag}`, rows: null, estimated: false })),
    ...sql.some((line) => line.includes("lo_unlink"))
      ? [{ object: `${facts.largeObjects} large objects`, rows: null, estimated: false }]
      : [],
  ];
  const dropped = new Set(schemas.filter((name) => !kept.has(name)));
  return {
    sql: sql.join("\n"),
    overwritten,
    keptSchemas: kept,
    droppedSchemas: dropped,
    again,
    refused: gone.filter((entry) => !again.includes(entry)),
  };
}

/** Large objects belong to no schema: all of them go. */
export const UNLINK_ALL = "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;";

const CONFIGURATION = `
SELECT pg_catalog.format('DELETE FROM ONLY %I.%I %s;', n.nspname, c.relname, u.condition) AS statement,
  pg_catalog.quote_ident(e.extname) AS extension
FROM pg_catalog.pg_extension AS e
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) AS u (relation, condition)
JOIN pg_catalog.pg_class AS c ON c.oid = u.relation JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND pg_catalog.format('%I.%I', n.nspname, c.relname) = ANY ($1::pg_catalog.text[])`;

/** Extensions stay; of their configuration tables goes what a dump holds: the rows that are the user's. */
async function configurationRows(
  session: Session,
  data: readonly TocEntry[],
  dropped: readonly string[],
): Promise<string[]> {
  const names = data.map(({ namespace, tag }) => qualifiedName(namespace ?? "", tag ?? ""));
  if (names.length === 0) return [];
  const rows = await session.query<{ statement: string; extension: string }>(CONFIGURATION, [names]);
  return rows.filter(({ extension }) => !dropped.includes(extension)).map(({ statement }) => statement);
}

function schemasToReplace(
  facts: TargetFacts,
  entries: readonly TocEntry[],
  selection: Selection,
  covered: ReadonlySet<string>,
): string[] {
  const named = selection.whole
    ? new Set(entries.flatMap((entry) => {
      if (entry.desc === "SCHEMA") return [entry.tag ?? ""];
      return RELATION_WORDS.has(entry.desc) || entry.desc === "FUNCTION" || entry.desc === "TYPE"
        ? [entry.namespace ?? ""]
        : [];
    }))
    : new Set(selection.schemas);
  // An empty public has no entry at all.
  if (selection.whole && covered.has("public")) named.add("public");
  // Of the platform's schemas only rows are replaced, in the platform's own tables.
  return [...named].filter((name) =>
    name !== "" && facts.schemas.has(name) && !(facts.supabase && ownedByPlatform(name, facts))
  ).sort();
}

function isSchema(name: string): (entry: TocEntry) => boolean {
  return ({ desc, tag }) => desc === "SCHEMA" && tag === name;
}

function mayDrop({ role, schemas }: TargetFacts, name: string): boolean {
  return role.superuser || role.actsFor.has(schemas.get(name)?.owner ?? "");
}

async function existingGlobals(session: Session, entries: readonly TocEntry[]): Promise<TocEntry[]> {
  const globals = entries.filter((entry) => GLOBAL_KINDS.has(entry.desc) && quotedName(entry) !== null);
  const existing = await findExisting(session, globals);
  return globals.filter(({ dumpId, desc }) => existing.has(dumpId) || NOT_LOOKED_UP.has(desc));
}
