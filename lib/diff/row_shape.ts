/** How the rows of two sides are brought into one form. */
export interface RowShape {
  /** Columns that are compared: those of both sides, in the order of the first. */
  readonly columns: readonly string[];
  /** Whether both sides write the same columns in the same order: rows can then be compared as they are. */
  readonly isSame: boolean;
  /** Positions of the compared columns in a row of each side. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Positions of the key among the compared columns; null: the whole row. */
  readonly key: readonly number[] | null;
}

/** The shape of two lists of columns with a key, if both have its columns. */
export function rowShape(
  before: readonly string[],
  after: readonly string[],
  key: readonly string[] | null,
): RowShape {
  const columns = before.filter((column) => after.includes(column));
  const positions = key?.map((column) => columns.indexOf(column)) ?? null;
  return {
    columns,
    isSame: before.length === after.length && before.every((column, index) => column === after[index]),
    before: columns.map((column) => before.indexOf(column)),
    after: columns.map((column) => after.indexOf(column)),
    key: positions === null || positions.length === 0 || positions.includes(-1) ? null : positions,
  };
}

/** A row of one side as a row of the compared columns. */
export function shaped(row: string, positions: readonly number[], shape: RowShape): string {
  if (shape.isSame) return row;
  const fields = row.split("\t");
  return positions.map((position) => fields[position] ?? "").join("\t");
}

/** The key of a row of the compared columns. */
export function keyOf(row: string, { key }: RowShape): string {
  if (key === null) return row;
  const first = key[0] ?? 0;
  if (key.length === 1 && first === 0) {
    const end = row.indexOf("\t");
    return end === -1 ? row : row.slice(0, end);
  }
  const fields = row.split("\t");
  return key.map((position) => fields[position] ?? "").join("\t");
}
