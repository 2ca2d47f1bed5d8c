import type { Comparison, Difference, DifferenceCategory, NotCompared } from "./comparison.ts";
import { DIFFERENCE_CATEGORIES } from "./comparison.ts";

/** Gathers what a comparison finds. */
export class Findings {
  readonly differences: Difference[] = [];
  readonly notCompared: NotCompared[] = [];
  rows = 0;
  bytes = 0;
  normalised = 0;
  readonly #compared = new Map<DifferenceCategory, number>();

  /** Notes objects that were compared, equal or not. */
  count(category: DifferenceCategory, objects = 1): void {
    this.#compared.set(category, (this.#compared.get(category) ?? 0) + objects);
  }

  differ(
    category: DifferenceCategory,
    kind: Difference["kind"],
    object: string,
    detail: string,
    values: { readonly expected?: string | null; readonly found?: string | null } = {},
  ): void {
    const { expected = null, found = null } = values;
    this.differences.push({ category, kind, object, detail, expected, found });
  }

  skip(category: DifferenceCategory, object: string, reason: string): void {
    this.notCompared.push({ category, object, reason });
  }

  comparison(): Comparison {
    const order = (category: DifferenceCategory) => DIFFERENCE_CATEGORIES.indexOf(category);
    const differences = this.differences.toSorted((a, b) =>
      order(a.category) - order(b.category) || (a.object < b.object ? -1 : a.object > b.object ? 1 : 0)
    );
    return {
      equal: differences.length === 0,
      differences,
      notCompared: this.notCompared,
      compared: Object.fromEntries(
        DIFFERENCE_CATEGORIES.map((category) => [category, this.#compared.get(category) ?? 0]),
      ) as Comparison["compared"],
      rows: this.rows,
      bytes: this.bytes,
      normalised: this.normalised,
    };
  }
}
