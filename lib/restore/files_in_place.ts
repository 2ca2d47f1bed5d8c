import { PgstrataError, qualifiedName } from "../base/mod.ts";
import { type ManifestTable, TABLE_FILES } from "../catalog/mod.ts";
import type { Session } from "../connection/mod.ts";
import type { BackupSource } from "./backup_source.ts";
import { decodeText } from "./decode_text.ts";
import { splitStatements } from "./sql_statements.ts";
import { countRows } from "./count_rows.ts";
import { inTurn } from "./drops.ts";
import type { InPlacePlan } from "./in_place_plan.ts";
import { loadQuietly } from "./replica_mode.ts";
import type { RestoreWork } from "./restore_work.ts";
import type { ScriptPart } from "./script_part.ts";
import { dropStatements } from "./sql_tier.ts";
import { isEmpty } from "./target_facts.ts";

/**
 * Plans a change of a living database from SQL files: tables that are there are dropped, or emptied with `--data-only`.
 *
 * @throws {PgstrataError} code `usage` for the whole database, which SQL files do not replace in place
 */
export async function planFilesInPlace(
  session: Session,
  { options, facts, selection, source, tier }: RestoreWork,
  parts: readonly ScriptPart[],
): Promise<InPlacePlan> {
  if (selection.whole && options.content !== "data-only" && !isEmpty(facts)) {
    throw new PgstrataError(`Cannot replace a database in place from the ${tier} tier`, {
      code: "usage",
      hint: "Leave --in-place out (it is restored beside and swapped), or --tier (the full archive can do it).",
    });
  }
  const names = selection.whole
    ? source.manifest.tables.filter(({ rows, source: from }) => rows !== null && from === "archive")
    : selection.names;
  const there = names.filter(({ schema, name }) =>
    facts.relations.some((one) => one.kind === "table" && one.schema === schema && one.name === name)
  );
  const counts = await inTurn(there, async (table) => ({ table, ...await countRows(session, table) }));
  const overwritten = counts.map(({ table, rows, estimated }) => ({
    object: `${options.content === "data-only" ? "rows of" : "table"} ${qualifiedName(table.schema, table.name)}`,
    rows,
    estimated,
  }));
  const sql = (lines: readonly string[]): ScriptPart => ({ type: "sql", text: lines.join("\n") });
  if (options.content !== "data-only") {
    return {
      parts: [sql(dropStatements(facts, selection.names)), ...parts],
      overwritten,
      rowsOnly: false,
      entries: names.length,
    };
  }
  const quiet = await loadQuietly(session, names, facts.role.replicaMode);
  const filled = counts.filter(({ rows }) => rows > 0);
  const wanted = new Set(names.map(({ schema, name }) => qualifiedName(schema, name)));
  const tables = source.manifest.tables.filter((table) => wanted.has(qualifiedName(table.schema, table.name)));
  const rowsPart = (table: ManifestTable): ScriptPart[] => {
    const path = source.dataFile(table);
    if (path === null || table.copyStatement === null) return [];
    const { encoding } = source.manifest.server;
    return [{ type: "rows", copyStatement: table.copyStatement, source: { in: "file", path }, encoding }];
  };
  const values = (await inTurn(tables, (table) => sequenceValues(source, table))).flat();
  const empty = filled.map(({ table }) => `DELETE FROM ONLY ${qualifiedName(table.schema, table.name)};`);
  return {
    parts: [sql([quiet.before, ...empty]), ...tables.flatMap(rowsPart), sql([quiet.after]), sql(values)],
    overwritten: overwritten.filter(({ rows }) => rows > 0),
    rowsOnly: true,
    entries: names.length,
  };
}

/** Most bytes after the rows of a table: values of the sequences it owns. */
const LONGEST_TAIL = 256 * 1024;

/** `setval` is no part of a transaction: these come last. */
async function sequenceValues(source: BackupSource, table: ManifestTable): Promise<string[]> {
  const path = `${table.folder}/${TABLE_FILES.data}`;
  if (!source.has(path)) return [];
  using file = await Deno.open(source.path(path));
  const { size } = await file.stat();
  const bytes = new Uint8Array(Math.min(size, LONGEST_TAIL));
  await file.seek(size - bytes.length, Deno.SeekMode.Start);
  for (let filled = 0; filled < bytes.length;) {
    const read = await file.read(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  // Rows may be cut in the middle of a character; what follows their end is whole.
  const end = lastEndOfRows(bytes);
  const tail = decodeText(
    end === -1 ? (table.rows === null ? bytes : new Uint8Array(0)) : bytes.subarray(end),
    source.manifest.server.encoding,
  );
  return [...splitStatements(tail)].map(({ text }) => text).filter((text) =>
    text.startsWith("SELECT pg_catalog.setval(")
  );
}

/** Where the line after the last `\\.` begins; -1 when there is none. */
function lastEndOfRows(bytes: Uint8Array): number {
  for (let at = bytes.length - 3; at >= 0; at--) {
    const isMarker = bytes[at] === 92 && bytes[at + 1] === 46 && bytes[at + 2] === 10;
    if (isMarker && (at === 0 || bytes[at - 1] === 10)) return at + 3;
  }
  return -1;
}
