import { createHash } from "node:crypto";
import { countLines } from "../archive/mod.ts";
import { type DescribedTable, tableKey } from "../verify/mod.ts";
import type { TableChange } from "./database_diff.ts";
import type { TableScope } from "./diff_objects.ts";
import type { DiffSide } from "./side.ts";

/** How rows are compared. `hash` is what the manifests tell; `digest` reads rows again where the order may differ. */
export type RowProof = "hash" | "digest";

/** Tables whose rows differ, and how many do not. Tables that either side has no rows of are passed over. */
export async function diffTables(
  before: DiffSide,
  after: DiffSide,
  scope: TableScope,
  proof: RowProof,
): Promise<{ readonly changes: TableChange[]; readonly same: number }> {
  if (!before.hasRows || !after.hasRows) return { changes: [], same: 0 };
  const wanted = scope === null ? null : new Set(scope.map(({ schema, name }) => tableKey(schema, name)));
  const isWanted = (key: string) => wanted === null || wanted.has(key);
  const old = before.description.tables;
  const now = after.description.tables;
  const changes: TableChange[] = [];
  const doubtful: [DescribedTable, DescribedTable][] = [];
  let same = 0;
  const compare = (table: DescribedTable, other: DescribedTable) => {
    if (other.content.sha256 === table.content.sha256) same++;
    else if (other.content.rows !== table.content.rows) changes.push(change("changed", table, other, "count"));
    else if (proof === "hash") changes.push(change("changed", table, other, "order"));
    else doubtful.push([table, other]);
  };
  for (const [key, table] of old) {
    if (!isWanted(key)) continue;
    const other = now.get(key) ?? await undumpedTable(table, after);
    if (other === undefined) changes.push(change("removed", table, null, "count"));
    else compare(table, other);
  }
  for (const [key, table] of now) {
    if (!isWanted(key) || old.has(key)) continue;
    const other = await undumpedTable(table, before);
    if (other === undefined) changes.push(change("added", null, table, "count"));
    else compare(other, table);
  }
  for (const [table, other] of doubtful) {
    if (await haveSameRows(before, after, table, other)) same++;
    else changes.push(change("changed", table, other, "content"));
  }
  return { changes: changes.toSorted(byGrowth), same };
}

/**
 * Rows of an extension's table, which a backup has in its table tier only: pg_dump does not read them of a living
 * database, so they are asked for. Not there: undefined.
 */
async function undumpedTable(table: DescribedTable, side: DiffSide): Promise<DescribedTable | undefined> {
  if (!table.copied || side.facts.kind !== "database") return undefined;
  const rows = await side.rowsOf(table.schema, table.name);
  if (rows === null) return undefined;
  const hash = createHash("sha256");
  let bytes = 0;
  let count = 0;
  await rows.read((piece) => {
    hash.update(piece);
    bytes += piece.length;
    count += countLines(piece);
  });
  return { ...table, content: { rows: count, bytes, sha256: hash.digest("hex") } };
}

/** Restores and updates change the order of rows: the order-independent digests decide (DECISIONS 7). */
async function haveSameRows(
  before: DiffSide,
  after: DiffSide,
  table: DescribedTable,
  other: DescribedTable,
): Promise<boolean> {
  // Leaves loaded through a partition root can only be told apart together: the rows may have moved between them.
  const group = (side: DiffSide, one: DescribedTable) =>
    [...side.description.tables.values()].filter(({ copyStatement }) => copyStatement === one.copyStatement);
  const isLive = before.facts.kind === "database" || after.facts.kind === "database";
  const first = await before.description.digestRows(table.copyStatement, isLive ? group(before, table) : [table]);
  if (first === null) return false;
  const second = await after.description.digestRows(other.copyStatement, isLive ? group(after, other) : [other]);
  return second !== null && first.equals(second);
}

function change(
  kind: TableChange["change"],
  before: DescribedTable | null,
  after: DescribedTable | null,
  proof: TableChange["proof"],
): TableChange {
  return {
    schema: (before ?? after)?.schema ?? "",
    name: (before ?? after)?.name ?? "",
    change: kind,
    rowsBefore: before?.content.rows ?? null,
    rowsAfter: after?.content.rows ?? null,
    bytesBefore: before?.content.bytes ?? null,
    bytesAfter: after?.content.bytes ?? null,
    proof,
  };
}

/** The most rows come or gone first. */
function byGrowth(a: TableChange, b: TableChange): number {
  const rows = ({ rowsBefore, rowsAfter }: TableChange) => Math.abs((rowsAfter ?? 0) - (rowsBefore ?? 0));
  return rows(b) - rows(a) || (`${a.schema}.${a.name}` < `${b.schema}.${b.name}` ? -1 : 1);
}
