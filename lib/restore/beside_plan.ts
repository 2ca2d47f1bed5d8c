import { groupByTable, type TableEntries, type TocEntry } from "../archive/mod.ts";
import { PgstrataError, qualifiedName, quoteIdentifier, quoteLiteral } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { setAsideDefaultPrivileges } from "./default_privileges.ts";
import { entryText, isAttached } from "./entry_names.ts";
import type { InPlacePlan } from "./in_place_plan.ts";
import { archiveParts } from "./in_place_plan.ts";
import type { RestoreWork } from "./restore_work.ts";
import type { ScriptPart } from "./script_part.ts";

/** A column of a living table. */
interface Column {
  readonly table: string;
  readonly name: string;
  readonly required: boolean;
}

const COLUMNS = `
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS table, a.attname AS name, a.attnotnull AS required
FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND pg_catalog.format('%I.%I', n.nspname, c.relname) = ANY ($1::pg_catalog.text[])`;

/**
 * Plans tables of the backup in a schema of their own (DECISIONS 21): the shape is taken from the living table by LIKE,
 * without defaults, identity and constraints, so that nothing ties the copy to the living database and every row fits. A
 * column that the living table has lost comes back as text. A table that is gone is made from the backup first, in its own
 * place, and dropped again in the same transaction.
 *
 * @throws {PgstrataError} code `refused` when a table of that name is there already
 */
export async function planBeside(session: Session, work: RestoreWork, schema: string): Promise<InPlacePlan> {
  const { archive, facts, list, source } = work;
  const tables = chosenTables(work);
  refuseTaken(work, schema, tables);
  const living = await session.query<Column>(COLUMNS, [tables.map(({ qualifiedName: name }) => name)]);
  const byTable = Map.groupBy(living, ({ table }) => table);
  const gone = tables.filter(({ qualifiedName: name }) => !byTable.has(name));
  const defaults = facts.ownDefaultPrivileges === 0 ? null : await setAsideDefaultPrivileges(session, new Set());
  const definitions = definitionsOf(work, gone);
  const stays = definitions.filter((entry) => !["TABLE", "SCHEMA"].includes(entry.desc) && !isAttached(entry));
  if (stays.length > 0) {
    const names = stays.map(entryText).map(({ kind, object }) => `${kind.toLowerCase()} ${object}`);
    work.log.warn(`made in their own places, since tables that are gone need them: ${names.join(", ")}`);
  }
  const text: string[] = [];
  for (const { table, qualifiedName: name, data } of tables) {
    const copy = qualifiedName(schema, table.tag ?? "");
    text.push(`CREATE TABLE ${copy} (LIKE ${name} INCLUDING COMMENTS INCLUDING STORAGE INCLUDING GENERATED);`);
    text.push(...fitStatements(copy, byTable.get(name), columnsOf(data)));
  }
  const rows = tables.flatMap(({ table, data }): ScriptPart[] => {
    if (data === null) return [];
    const columns = columnsOf(data);
    const list = columns.length === 0 ? "" : ` (${columns.map(quoteIdentifier).join(", ")})`;
    return [{
      type: "rows",
      copyStatement: `COPY ${qualifiedName(schema, table.tag ?? "")}${list} FROM stdin;\n`,
      source: { in: "archive", archive: archive.path, entry: data },
      encoding: source.manifest.server.encoding,
    }];
  });
  const sql = (lines: readonly string[]): ScriptPart => ({ type: "sql", text: lines.join("\n") });
  const newSchema = facts.schemas.has(schema) ? [] : [`CREATE SCHEMA ${quoteIdentifier(schema)};`];
  return {
    parts: [
      sql([...newSchema, ...defaults === null ? [] : [defaults.aside]]),
      ...archiveParts(archive.path, definitions),
      sql([
        ...text,
        ...gone.length === 0 ? [] : [`DROP TABLE ${gone.map(({ qualifiedName: name }) => name).join(", ")};`],
        ...definitions.filter(({ desc, tag }) => desc === "SCHEMA" && !facts.schemas.has(tag ?? "") && tag !== schema)
          .map(({ tag }) => dropIfEmpty(tag ?? "")),
      ]),
      ...rows,
      sql(defaults === null ? [] : [defaults.back]),
    ],
    overwritten: [],
    rowsOnly: false,
    entries: list.entries.length === 0 ? 0 : tables.length,
  };
}

/** Tables with rows of their own, without partitioned and foreign ones. */
export function chosenTables({ archive, selection }: Pick<RestoreWork, "archive" | "selection">): TableEntries[] {
  const schemas = new Set(selection.schemas);
  const chosen = new Set(selection.tables.map(({ table }) => table.dumpId));
  return groupByTable(archive.toc).tables.filter(({ table, data }) =>
    data !== null && (chosen.has(table.dumpId) || schemas.has(table.namespace ?? ""))
  );
}

/** The schema was made for a table that is gone; what the copies need of it may stand in it. */
function dropIfEmpty(schema: string): string {
  const statement = quoteLiteral(`DROP SCHEMA ${quoteIdentifier(schema)}`);
  const block = `BEGIN EXECUTE ${statement}; EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END`;
  return `DO ${quoteLiteral(block)};`;
}

/** TABLE entries of tables that are gone, and what they need. Nothing of what hangs on them. */
function definitionsOf({ archive, needs }: RestoreWork, gone: readonly TableEntries[]): TocEntry[] {
  const ids = new Set([
    ...gone.map(({ table }) => table.dumpId),
    ...gone.length === 0 ? [] : needs.map(({ dumpId }) => dumpId),
  ]);
  const schemas = new Set(gone.map(({ table }) => table.namespace));
  return archive.toc.entries.filter((entry) =>
    ids.has(entry.dumpId) && (entry.desc !== "SCHEMA" || schemas.has(entry.tag))
  );
}

function fitStatements(copy: string, living: readonly Column[] | undefined, columns: readonly string[]): string[] {
  if (living === undefined) return [];
  const known = new Set(living.map(({ name }) => name));
  const inBackup = new Set(columns);
  return [
    ...columns.filter((name) => !known.has(name)).map((name) =>
      `ALTER TABLE ${copy} ADD COLUMN ${quoteIdentifier(name)} text;`
    ),
    ...living.filter(({ name, required }) => required && !inBackup.has(name))
      .map(({ name }) => `ALTER TABLE ${copy} ALTER COLUMN ${quoteIdentifier(name)} DROP NOT NULL;`),
  ];
}

/** The columns that a COPY statement of pg_dump names. */
export function columnsOf(data: TocEntry | null): string[] {
  const list = / \(((?:"(?:[^"]|"")*"|[^()"])*)\) FROM stdin;\n$/su.exec(data?.copyStmt ?? "")?.[1];
  if (list === undefined) return [];
  return [...list.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/gsu)].map(([whole, quoted]) =>
    quoted?.replaceAll('""', '"') ?? whole
  );
}

function refuseTaken({ facts }: RestoreWork, schema: string, tables: readonly TableEntries[]): void {
  const names = tables.map(({ table }) => table.tag ?? "");
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  const taken = names.find((name) => facts.relations.some((one) => one.schema === schema && one.name === name));
  const name = taken ?? twice;
  if (name === undefined && names.length > 0) return;
  if (name === undefined) {
    throw new PgstrataError(`Cannot restore into schema ${schema}: no table with rows was chosen`, {
      code: "usage",
      hint: "--into-schema is for tables; views and partitioned tables have no rows of their own.",
    });
  }
  throw new PgstrataError(
    `Cannot restore into schema ${schema}: ${
      taken === undefined ? "two tables are" : "there is a table"
    } named ${name}`,
    {
      code: "refused",
      hint: "Name another schema.",
    },
  );
}
