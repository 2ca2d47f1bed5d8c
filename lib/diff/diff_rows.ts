import { groupByTable, type Toc } from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";
import { tableKey } from "../verify/mod.ts";
import { CopyLines } from "./copy_lines.ts";
import type { RowDiff } from "./database_diff.ts";
import { primaryKeyColumns } from "./identifier_list.ts";
import { joinRows, type ShapedRows } from "./join_rows.ts";
import { RowCollector } from "./row_collector.ts";
import { type RowShape, rowShape, shaped } from "./row_shape.ts";
import type { DiffSide, RowSource } from "./side.ts";

/** Bytes of COPY text of the first side that are held in memory; what is more goes through temporary files. */
export const ROWS_IN_MEMORY = 16 * 1024 * 1024;

/** How rows are compared one by one. */
export interface DiffRowsOptions {
  /** Rows of each kind that are given back; all are counted. */
  readonly limit: number;
  /** Default {@linkcode ROWS_IN_MEMORY}. */
  readonly memory?: number;
}

/**
 * Compares the rows of one table by its primary key; without one, by whole rows.
 *
 * Memory: {@linkcode ROWS_IN_MEMORY} bytes of COPY text and what JavaScript adds; disk: the table's COPY text of both
 * sides in temporary files where the first side's is more than that.
 *
 * @throws {PgstrataError} code `usage` when a side has no rows of it
 */
export async function diffRows(
  before: DiffSide,
  after: DiffSide,
  { schema, name }: { readonly schema: string; readonly name: string },
  { limit, memory = ROWS_IN_MEMORY }: DiffRowsOptions,
): Promise<RowDiff> {
  const old = await rowsOf(before, schema, name);
  const now = await rowsOf(after, schema, name);
  const key = keyColumns(after.description.toc, schema, name) ?? keyColumns(before.description.toc, schema, name);
  const shape = rowShape(old.columns, now.columns, key);
  const collector = new RowCollector(shape, limit);
  const known = before.description.tables.get(tableKey(schema, name))?.content.bytes ?? await sizeOf(old);
  await joinRows(
    shapedRows(old, shape.before, shape, known),
    shapedRows(now, shape.after, shape, 0),
    shape,
    collector,
    memory,
  );
  return {
    schema,
    name,
    key: shape.key?.map((position) => shape.columns[position] ?? "") ?? null,
    columnsGone: old.columns.filter((column) => !now.columns.includes(column)),
    columnsCome: now.columns.filter((column) => !old.columns.includes(column)),
    rowsBefore: collector.same + collector.changed + collector.removed,
    rowsAfter: collector.same + collector.changed + collector.added,
    added: collector.added,
    removed: collector.removed,
    changed: collector.changed,
    same: collector.same,
    addedRows: collector.addedRows(),
    removedRows: collector.removedRows(),
    changedRows: collector.changedRows(),
  };
}

async function rowsOf(side: DiffSide, schema: string, name: string): Promise<RowSource> {
  const rows = await side.rowsOf(schema, name);
  if (rows !== null) return rows;
  const isPartitioned = side.description.toc?.entries.some((entry) =>
    entry.desc === "TABLE" && entry.namespace === schema && entry.tag === name &&
    /\nPARTITION BY /.test(entry.defn ?? "")
  );
  throw new PgstrataError(`Cannot compare the rows of ${schema}.${name}: ${side.facts.name} has none of it`, {
    code: "usage",
    hint: isPartitioned
      ? "It is partitioned: name its partitions with --table."
      : "`pgstrata diff` without --table shows which tables differ; names are SCHEMA.TABLE as they are, unquoted.",
  });
}

function keyColumns(toc: Toc | null, schema: string, name: string): string[] | null {
  if (toc === null) return null;
  const group = groupByTable(toc).tables.find(({ table }) => table.namespace === schema && table.tag === name);
  for (const { desc, defn } of group?.definitions ?? []) {
    const columns = desc === "CONSTRAINT" ? primaryKeyColumns(defn ?? "") : null;
    if (columns !== null) return columns;
  }
  return null;
}

function shapedRows(source: RowSource, positions: readonly number[], shape: RowShape, bytes: number): ShapedRows {
  return {
    bytes,
    read: async (onRow) => {
      const lines = new CopyLines((row) => onRow(shaped(row, positions, shape)));
      await source.read((piece) => lines.push(piece));
    },
  };
}

/** A living table that was not read yet. */
async function sizeOf(source: RowSource): Promise<number> {
  let bytes = 0;
  await source.read((piece) => bytes += piece.length);
  return bytes;
}
