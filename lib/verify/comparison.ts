/** What is compared, by the words a report uses. */
export const DIFFERENCE_CATEGORIES = [
  "definition",
  "rows",
  "sequence",
  "large_object",
  "owner",
  "privilege",
  "policy",
  "comment",
  "extension",
  "view_options",
  "database",
] as const;

/** A category of differences. */
export type DifferenceCategory = typeof DIFFERENCE_CATEGORIES[number];

/** One thing that is not as it should be. */
export interface Difference {
  readonly category: DifferenceCategory;
  /** `missing`: expected and not there; `extra`: there and not expected; `widened`: somebody may do more than before. */
  readonly kind: "missing" | "extra" | "changed" | "widened";
  /** Kind and qualified name: `INDEX public.orders_at`, `TABLE public.orders`, `default tables of app in public`. */
  readonly object: string;
  /** In words: `999 rows instead of 1 000`. */
  readonly detail: string;
  /** As it should be and as it is, as SQL or a value; null where there is none. */
  readonly expected: string | null;
  readonly found: string | null;
}

/** Something that could not be compared, or was not meant to be. */
export interface NotCompared {
  readonly category: DifferenceCategory;
  /** Kind and name, or `all`. */
  readonly object: string;
  readonly reason: string;
}

/** What a comparison found. */
export interface Comparison {
  /** Whether nothing differs. What was not compared is not counted. */
  readonly equal: boolean;
  readonly differences: readonly Difference[];
  readonly notCompared: readonly NotCompared[];
  /** Objects compared, by category; for `rows` tables. */
  readonly compared: Readonly<Record<DifferenceCategory, number>>;
  /** Rows and COPY bytes found and compared. */
  readonly rows: number;
  readonly bytes: number;
  /** Objects whose definition differs in text and is the same once it has been restored (see `normalise`). */
  readonly normalised: number;
}
