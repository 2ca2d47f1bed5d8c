import type { Target } from "../connection/mod.ts";

/** What is to be compared after a restore; the comparison itself is handed in. */
export interface CompareRequest {
  readonly target: Target;
  /** The backup's folder. */
  readonly folder: string;
  /** Null is all. */
  readonly schemas: readonly string[] | null;
  readonly tables: readonly { readonly schema: string; readonly name: string }[] | null;
  readonly content: "all" | "schema-only" | "data-only";
  readonly owners: boolean;
  readonly privileges: boolean;
  readonly databaseProperties: boolean;
  /** Whether the database holds nothing but what was restored. */
  readonly alone: boolean;
  /** dumpIds of the archive's entries that were left out, with the reason. */
  readonly leftOut: ReadonlyMap<number, string>;
  /** Extensions that were left out, with the reason. */
  readonly leftOutExtensions: ReadonlyMap<string, string>;
}

/** Something that is not as it should be. */
export interface ComparisonDifference {
  readonly category: string;
  readonly kind: "missing" | "extra" | "changed" | "widened";
  readonly object: string;
  readonly detail: string;
}

/** What a comparison found. */
export interface Comparison {
  readonly equal: boolean;
  readonly differences: readonly ComparisonDifference[];
  readonly notCompared: readonly { readonly category: string; readonly object: string; readonly reason: string }[];
  /** Objects compared, by category. */
  readonly compared: Readonly<Record<string, number>>;
  readonly rows: number;
}
