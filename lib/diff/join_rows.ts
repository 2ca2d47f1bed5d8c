import { TempFolder } from "../system/mod.ts";
import type { RowCollector } from "./row_collector.ts";
import { RowParts } from "./row_parts.ts";
import { keyOf, type RowShape } from "./row_shape.ts";

/** Rows of the compared columns, read as often as asked. */
export interface ShapedRows {
  /** About the bytes of the rows. */
  readonly bytes: number;
  read(onRow: (row: string) => void): Promise<void>;
}

/** Most files of one parting. */
const MOST_PARTS = 256;

/** Partings of partings; rows that are still together then have one key. */
const DEEPEST = 3;

/**
 * Matches the rows of two sides by key. The first side's rows are held in memory, `limit` bytes of them at the most:
 * more are parted by a hash of the key into temporary files first, on both sides, and matched part by part.
 *
 * Without a key the whole row is one: the same row as often on both sides is the same.
 */
export async function joinRows(
  before: ShapedRows,
  after: ShapedRows,
  shape: RowShape,
  collector: RowCollector,
  limit: number,
  depth = 0,
): Promise<void> {
  if (before.bytes <= limit || depth >= DEEPEST) {
    await (shape.key === null ? joinWhole(before, after, collector) : joinKeyed(before, after, shape, collector));
    return;
  }
  await using folder = await TempFolder.create();
  // Parts are of unequal size: a third more of them.
  const count = Math.min(MOST_PARTS, Math.max(2, Math.ceil(before.bytes / limit * 1.34)));
  const old = new RowParts(folder.path, "before", count, depth);
  const now = new RowParts(folder.path, "after", count, depth);
  await before.read((row) => old.add(keyOf(row, shape), row));
  await after.read((row) => now.add(keyOf(row, shape), row));
  old.finish();
  now.finish();
  for (let part = 0; part < count; part++) {
    const rows = (parts: RowParts): ShapedRows => ({
      bytes: parts.size(part),
      read: (onRow) => parts.read(part, onRow),
    });
    await joinRows(rows(old), rows(now), shape, collector, limit, depth + 1);
    old.drop(part);
    now.drop(part);
  }
}

async function joinKeyed(
  before: ShapedRows,
  after: ShapedRows,
  shape: RowShape,
  collector: RowCollector,
): Promise<void> {
  const rows = new Map<string, string>();
  await before.read((row) => rows.set(keyOf(row, shape), row));
  await after.read((row) => {
    const key = keyOf(row, shape);
    const old = rows.get(key);
    if (old === undefined) return collector.add(row);
    rows.delete(key);
    collector.match(old, row);
  });
  for (const row of rows.values()) collector.remove(row);
}

async function joinWhole(before: ShapedRows, after: ShapedRows, collector: RowCollector): Promise<void> {
  const counts = new Map<string, number>();
  await before.read((row) => counts.set(row, (counts.get(row) ?? 0) + 1));
  await after.read((row) => {
    const count = counts.get(row) ?? 0;
    if (count === 0) return collector.add(row);
    counts.set(row, count - 1);
    collector.match(row, row);
  });
  for (const [row, count] of counts) for (let left = count; left > 0; left--) collector.remove(row);
}
