import { copyValue } from "./copy_lines.ts";
import type { ChangedRow, RowValues } from "./database_diff.ts";
import type { RowShape } from "./row_shape.ts";

/** Counts rows that differ, and keeps the first few of each kind. */
export class RowCollector {
  added = 0;
  removed = 0;
  changed = 0;
  same = 0;
  readonly #added: string[] = [];
  readonly #removed: string[] = [];
  readonly #changed: (readonly [before: string, after: string])[] = [];

  /** @param limit rows of each kind that are kept */
  constructor(private readonly shape: RowShape, private readonly limit: number) {}

  add(row: string): void {
    if (this.added++ < this.limit) this.#added.push(row);
  }

  remove(row: string): void {
    if (this.removed++ < this.limit) this.#removed.push(row);
  }

  /** The same key with equal or other values. */
  match(before: string, after: string): void {
    if (before === after) this.same++;
    else if (this.changed++ < this.limit) this.#changed.push([before, after]);
  }

  addedRows(): RowValues[] {
    return this.#added.toSorted(compareFields).map((row) => this.#values(row));
  }

  removedRows(): RowValues[] {
    return this.#removed.toSorted(compareFields).map((row) => this.#values(row));
  }

  changedRows(): ChangedRow[] {
    const { columns, key } = this.shape;
    return this.#changed.toSorted(([a], [b]) => compareFields(a, b)).map(([before, after]) => {
      const [old, now] = [before.split("\t"), after.split("\t")];
      const isKey = new Set(key ?? []);
      return {
        key: Object.fromEntries(
          (key ?? []).map((position) => [columns[position] ?? "", copyValue(old[position] ?? "")]),
        ),
        columns: columns.flatMap((column, position) =>
          isKey.has(position) || old[position] === now[position]
            ? []
            : [{ column, before: copyValue(old[position] ?? ""), after: copyValue(now[position] ?? "") }]
        ),
      };
    });
  }

  #values(row: string): RowValues {
    const fields = row.split("\t");
    return Object.fromEntries(this.shape.columns.map((column, index) => [column, copyValue(fields[index] ?? "")]));
  }
}

const collator = new Intl.Collator("en", { numeric: true });

function compareFields(a: string, b: string): number {
  return collator.compare(a, b);
}
