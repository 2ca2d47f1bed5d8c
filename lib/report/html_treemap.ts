/** Something with a size. */
export interface TreemapItem<T> {
  readonly value: number;
  readonly item: T;
}

/** A rectangle of a treemap. */
export interface Tile<T> {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly item: T;
}

/** A rectangle. */
export type Box = Omit<Tile<unknown>, "item">;

/**
 * Parts a rectangle among items by their values, in pieces as square as can be (Bruls, Huizing, van Wijk: Squarified
 * Treemaps, 2000). Items without a value get no tile.
 */
export function treemap<T>(items: readonly TreemapItem<T>[], box: Box): Tile<T>[] {
  const sorted = items.filter(({ value }) => value > 0).toSorted((a, b) => b.value - a.value);
  const total = sorted.reduce((sum, { value }) => sum + value, 0);
  const scale = box.width * box.height / total;
  const left = sorted.map(({ value, item }) => ({ area: value * scale, item }));
  const tiles: Tile<T>[] = [];
  let rest: Box = box;
  for (let start = 0; start < left.length;) {
    const side = Math.min(rest.width, rest.height);
    let end = start + 1;
    while (end < left.length && worst(left.slice(start, end + 1), side) <= worst(left.slice(start, end), side)) end++;
    const row = left.slice(start, end);
    rest = layRow(row, rest, tiles);
    start = end;
  }
  return tiles;
}

interface Area<T> {
  readonly area: number;
  readonly item: T;
}

/** The worst ratio of sides among the tiles of a row. */
function worst<T>(row: readonly Area<T>[], side: number): number {
  const sum = row.reduce((total, { area }) => total + area, 0);
  const [most, least] = [row[0]?.area ?? 0, row.at(-1)?.area ?? 0];
  return Math.max(side * side * most / (sum * sum), sum * sum / (side * side * least));
}

/** Lays a row along the shorter side; @returns what is left of the rectangle. */
function layRow<T>(row: readonly Area<T>[], box: Box, tiles: Tile<T>[]): Box {
  const sum = row.reduce((total, { area }) => total + area, 0);
  const isTall = box.height >= box.width;
  const depth = isTall ? sum / box.width : sum / box.height;
  let at = isTall ? box.x : box.y;
  for (const { area, item } of row) {
    const length = area / depth;
    tiles.push(
      isTall
        ? { x: at, y: box.y, width: length, height: depth, item }
        : { x: box.x, y: at, width: depth, height: length, item },
    );
    at += length;
  }
  return isTall
    ? { ...box, y: box.y + depth, height: Math.max(0, box.height - depth) }
    : { ...box, x: box.x + depth, width: Math.max(0, box.width - depth) };
}
