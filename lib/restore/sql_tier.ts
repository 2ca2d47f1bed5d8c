import { join } from "@std/path";
import type { Toc } from "../archive/mod.ts";
import { PgstrataError, qualifiedName } from "../base/mod.ts";
import { type ManifestTable, TABLE_FILES } from "../catalog/mod.ts";
import { archiveParts } from "./in_place_plan.ts";
import { readArchiveToc } from "./archive_toc.ts";
import type { BackupSource } from "./backup_source.ts";
import { decodeText } from "./decode_text.ts";
import { type DefinitionScript, readDefinitionScript } from "./definition_script.ts";
import type { RestoreOptions } from "./options.ts";
import type { ScriptPart } from "./script_part.ts";
import { matchesPattern, nothing, type Selection } from "./selection.ts";
import { splitStatements } from "./sql_statements.ts";
import type { TargetFacts } from "./target_facts.ts";

/** What a restore from SQL files and several archives consists of. */
export interface SqlTier {
  readonly parts: readonly ScriptPart[];
  readonly selection: Selection;
  readonly definitions: Pick<DefinitionScript, "notGranted" | "ownersNotSet">;
  /** What this tier does not hold, in words. */
  readonly lacks: readonly string[];
}

/** A table of contents of nothing. */
export const EMPTY_TOC: Toc = {
  header: {
    minor: 14,
    revision: 0,
    format: "custom",
    compression: "none",
    level: 0,
    time: [0, 0, 0, 1, 0, 70, 0],
    database: null,
    serverVersion: null,
    clientVersion: null,
  },
  entries: [],
  codec: {
    name: "utf8",
    decode: (bytes) => new TextDecoder().decode(bytes),
    encode: (text) => new TextEncoder().encode(text),
  },
};

/**
 * Plans a restore without the full archive: definitions from `schema.sql`, rows from the schemas' archives or the tables'
 * `data.sql`. Tables chosen one by one come from their own files.
 *
 * @throws {PgstrataError} code `usage` when the tier does not hold what is wanted
 */
export async function planSqlTier(
  source: BackupSource,
  tier: "schema" | "table",
  options: RestoreOptions,
  facts: TargetFacts,
  known: ReadonlySet<string>,
): Promise<SqlTier> {
  if (options.schemas.length > 0) {
    const what = tier === "schema" ? "several schemas from the schema tier at once" : "a schema from the table tier";
    throw new PgstrataError(`Cannot restore ${what}`, {
      code: "usage",
      hint: tier === "schema"
        ? "Restore one after the other: --schema S. Or leave --tier out: the full archive holds them all."
        : "SQL files of tables hold neither its views nor its functions. --tier schema restores a schema; " +
          "--table 'S.*' takes its tables alone.",
    });
  }
  if (options.tables.length > 0 && tier === "schema") {
    throw new PgstrataError("Cannot restore tables of several schemas from the schema tier at once", {
      code: "usage",
      hint: "Restore schema by schema, or leave --tier out.",
    });
  }
  const read = async (path: string) => decodeText(await Deno.readFile(path), source.manifest.server.encoding);
  const parse = (text: string) => readDefinitionScript(text, options, facts, known);
  return options.tables.length > 0
    ? await planTables(source, options, read, parse)
    : await planWhole(source, tier, options, read, parse);
}

type Read = (path: string) => Promise<string>;
type Parse = (text: string) => DefinitionScript;

async function planWhole(
  source: BackupSource,
  tier: "schema" | "table",
  { content }: RestoreOptions,
  read: Read,
  parse: Parse,
): Promise<SqlTier> {
  if (source.definitions === null && content !== "data-only") {
    throw new PgstrataError("Cannot restore definitions: the backup has no schema.sql", {
      code: "usage",
      hint: "--data-only restores rows into tables that exist.",
    });
  }
  const script = content === "data-only" || source.definitions === null
    ? parse("")
    : parse(await read(source.definitions));
  const rows = content === "schema-only"
    ? []
    : tier === "table"
    ? await tableRows(source, read)
    : await schemaRows(source);
  return {
    parts: [sql(script.before), ...rows, sql(script.after)],
    selection: { whole: true, schemas: [], tables: [], names: [], entries: [] },
    definitions: script,
    lacks: tier === "table" && content !== "schema-only" && source.manifest.largeObjects.count > 0
      ? [`${source.manifest.largeObjects.count} large objects: the table tier does not hold them`]
      : [],
  };
}

/** `data.sql` of every table as it is, then values of sequences that no table owns. */
async function tableRows(source: BackupSource, read: Read): Promise<ScriptPart[]> {
  const { tables, schemas } = source.manifest;
  const files = dataFiles(source, tables.filter((table) => table.source !== "copy"));
  const values: string[] = [];
  for (const { folder } of schemas) {
    const path = `${folder}/sequences.sql`;
    if (!source.has(path)) continue;
    // Its CREATE SEQUENCE statements have run: they stand in schema.sql, too.
    for (const { text } of splitStatements(await read(source.path(path)))) {
      if (text.startsWith("SELECT pg_catalog.setval(")) values.push(text);
    }
  }
  return [...files, sql(values)];
}

/** A partitioned table has no rows of its own and may own sequences, whose values stand in its file. */
function dataFiles(source: BackupSource, tables: readonly ManifestTable[]): ScriptPart[] {
  return tables.map(({ folder }) => `${folder}/${TABLE_FILES.data}`).filter((path) => source.has(path))
    .map((path) => ({ type: "file", path: source.path(path) }));
}

/** Rows and values out of every schema's archive; large objects, which belong to no schema, out of the first that has them. */
async function schemaRows(source: BackupSource): Promise<ScriptPart[]> {
  const parts: ScriptPart[] = [];
  let withLargeObjects = false;
  for (const { name } of source.manifest.schemas) {
    const path = source.schemaArchive(name);
    if (path === null) continue;
    const { entries } = await readArchiveToc(path);
    const objects = entries.filter(({ desc, tag }) =>
      desc.startsWith("BLOB") || (tag ?? "").startsWith("LARGE OBJECT")
    );
    const rows = entries.filter(({ desc }) => desc === "TABLE DATA" || desc === "SEQUENCE SET");
    const wanted = new Set([...rows, ...withLargeObjects ? [] : objects].map(({ dumpId }) => dumpId));
    if (objects.length > 0) withLargeObjects = true;
    parts.push(...archiveParts(path, entries.filter(({ dumpId }) => wanted.has(dumpId))));
  }
  return parts;
}

async function planTables(
  source: BackupSource,
  { tables: patterns, content }: RestoreOptions,
  read: Read,
  parse: Parse,
): Promise<SqlTier> {
  const tables = source.manifest.tables.filter((table) =>
    table.folder !== null && patterns.some((pattern) => matchesPattern(pattern, table.schema, table.name))
  );
  const lost = patterns.find((pattern) => !tables.some((table) => matchesPattern(pattern, table.schema, table.name)));
  if (lost !== undefined) {
    const held = source.manifest.tables.filter(({ folder }) => folder !== null);
    throw nothing("table", lost, held.map(({ schema, name }) => `${schema}.${name}`));
  }
  const scripts = content === "data-only" ? [] : await readFiles(source, tables, TABLE_FILES.schema, read, parse);
  const ties = content === "data-only" ? [] : await readFiles(source, tables, TABLE_FILES.constraints, read, parse);
  const rows = content === "schema-only" ? [] : dataFiles(source, tables);
  const all = [...scripts, ...ties];
  return {
    parts: [
      sql(scripts.flatMap(({ before }) => before)),
      ...rows,
      sql(scripts.flatMap(({ after }) => after)),
      sql(ties.flatMap(({ before, after }) => [...before, ...after])),
    ],
    selection: {
      whole: false,
      schemas: [],
      tables: [],
      names: tables.map(({ schema, name }) => ({ schema, name })),
      entries: [],
    },
    definitions: {
      notGranted: all.flatMap(({ notGranted }) => notGranted),
      ownersNotSet: all.flatMap(({ ownersNotSet }) => ownersNotSet),
    },
    lacks: [],
  };
}

async function readFiles(
  source: BackupSource,
  tables: readonly ManifestTable[],
  name: string,
  read: Read,
  parse: Parse,
): Promise<DefinitionScript[]> {
  const scripts: DefinitionScript[] = [];
  for (const table of tables) {
    const path = `${table.folder}/${name}`;
    if (source.has(path)) scripts.push(parse(await read(join(source.folder, path))));
  }
  return scripts;
}

/** DROP for those chosen tables that are there. */
export function dropStatements(facts: TargetFacts, names: Selection["names"]): string[] {
  const there = names.filter(({ schema, name }) =>
    facts.relations.some((one) => one.schema === schema && one.name === name)
  );
  return there.length === 0
    ? []
    : [`DROP TABLE ${there.map(({ schema, name }) => qualifiedName(schema, name)).join(", ")};`];
}

function sql(statements: readonly string[]): ScriptPart {
  return { type: "sql", text: statements.map((text) => `${text}\n`).join("\n") };
}
