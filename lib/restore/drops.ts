import { groupByTable, type Toc, type TocEntry } from "../archive/mod.ts";
import { PgstrataError, qualifiedName, quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { countRows } from "./count_rows.ts";
import { isAttached, quotedName } from "./entry_names.ts";
import { findExisting } from "./existing_objects.ts";
import type { Overwritten } from "./plan.ts";
import { hangingKey, ownedByPlatform, platformVerdict } from "./platform_rules.ts";
import {
  type Cascaded,
  readCascade,
  readSchemaContents,
  type SchemaObject,
  schemasOfExtensions,
} from "./schema_contents.ts";
import type { Selection } from "./selection.ts";
import type { TargetFacts } from "./target_facts.ts";

/** What has to go before entries can be restored where they stood. */
export interface Drops {
  /** Statements, to be run in the transaction of the restore. Empty when nothing is in the way. */
  readonly sql: string;
  readonly overwritten: readonly Overwritten[];
  /** Schemas that stay and are only emptied: their SCHEMA entry must not be restored. */
  readonly keptSchemas: ReadonlySet<string>;
  readonly droppedSchemas: ReadonlySet<string>;
  /** Entries that go with what is dropped and have to come back, though nobody chose them. */
  readonly again: readonly TocEntry[];
  /** Those of them that this role may not make. */
  readonly refused: readonly TocEntry[];
}

/** Nothing is in the way. */
export const NO_DROPS: Drops = {
  sql: "",
  overwritten: [],
  keptSchemas: new Set(),
  droppedSchemas: new Set(),
  again: [],
  refused: [],
};

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
    ...await inTurn(contents, (object) => describe(session, facts, object, known)),
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

/** Kinds that hang on another relation. */
const HANGING_KINDS: ReadonlySet<string> = new Set(["INDEX", "MATERIALIZED VIEW DATA", "RULE", "TRIGGER"]);

/** Entries that nobody chose and that go with what is dropped: they come back, with what is said about them. */
function entriesOfCascade(toc: Toc, chosen: readonly TocEntry[], cascade: readonly Cascaded[]): TocEntry[] {
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
function cascadeKey(entry: TocEntry): string | null {
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
function mayComeBack(entry: TocEntry, facts: TargetFacts): boolean {
  return !facts.supabase || platformVerdict(entry, facts, new Set()).restore === "as usual";
}

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
      describe(session, facts, {
        schema: namespace ?? "",
        kind: desc,
        name: quotedName({ ...entry, namespace, desc }) ?? "",
      }, null),
  );
  return { ...NO_DROPS, sql: sql.join("\n"), overwritten, again };
}

/**
 * Refuses to overwrite what nobody agreed to overwrite.
 *
 * @throws {PgstrataError} code `refused`
 */
export function refuseUnlessClean(overwritten: readonly Overwritten[], what: "objects" | "rows"): void {
  if (overwritten.length === 0) return;
  const names = overwritten.slice(0, 8).map(({ object }) => object).join(", ");
  throw new PgstrataError(
    what === "objects"
      ? "Cannot restore: what is to be restored exists in the target"
      : "Cannot restore rows: the target's tables are not empty",
    {
      code: "refused",
      context: { there: overwritten.length > 8 ? `${names} and ${overwritten.length - 8} more` : names },
      hint: what === "objects"
        ? "--clean drops it first, in the same transaction; --into-schema NEW restores tables beside the living ones."
        : "--clean empties the tables first, in the same transaction.",
    },
  );
}

/** One after the other: a session does one thing at a time. */
export async function inTurn<T, U>(values: readonly T[], make: (value: T) => Promise<U>): Promise<U[]> {
  const made: U[] = [];
  for (const value of values) made.push(await make(value));
  return made;
}

/** Kinds of entries that are relations. */
export const RELATION_WORDS: ReadonlySet<string> = new Set([
  "TABLE",
  "FOREIGN TABLE",
  "VIEW",
  "MATERIALIZED VIEW",
  "SEQUENCE",
]);

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

async function describe(
  session: Session,
  facts: TargetFacts,
  { kind, name }: SchemaObject,
  known: ReadonlySet<string> | null,
): Promise<Overwritten> {
  const table = kind === "TABLE"
    ? facts.relations.find((one) => one.kind === "table" && qualifiedName(one.schema, one.name) === name)
    : undefined;
  const count = table === undefined ? null : await countRows(session, table);
  const unknown = known !== null && !known.has(name) ? " (not in the backup)" : "";
  return {
    object: `${kind.toLowerCase()} ${name}${unknown}`,
    rows: count?.rows ?? null,
    estimated: count?.estimated ?? false,
  };
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
