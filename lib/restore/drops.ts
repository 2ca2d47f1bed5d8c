import type { TocEntry } from "../archive/mod.ts";
import { PgstrataError, qualifiedName } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { countRows } from "./count_rows.ts";
import type { Overwritten } from "./plan.ts";
import type { SchemaObject } from "./schema_contents.ts";
import type { TargetFacts } from "./target_facts.ts";

/** What has to go before entries can be restored where they stood. */
export interface Drops {
  /** Statements, to be run in the transaction of the restore. Empty when nothing is in the way. */
  readonly sql: string;
  readonly overwritten: readonly Overwritten[];
  /** Schemas that stay and are only emptied: their SCHEMA entry must not be restored. */
  readonly keptSchemas: ReadonlySet<string>;
  readonly droppedSchemas: ReadonlySet<string>;
  /** Entries that go with what is dropped and have to come back, though nobody chose them. */
  readonly again: readonly TocEntry[];
  /** Those of them that this role may not make. */
  readonly refused: readonly TocEntry[];
}

/** Nothing is in the way. */
export const NO_DROPS: Drops = {
  sql: "",
  overwritten: [],
  keptSchemas: new Set(),
  droppedSchemas: new Set(),
  again: [],
  refused: [],
};

/** Kinds of entries that are relations. */
export const RELATION_WORDS: ReadonlySet<string> = new Set([
  "TABLE",
  "FOREIGN TABLE",
  "VIEW",
  "MATERIALIZED VIEW",
  "SEQUENCE",
]);

/**
 * What is dropped, for the plan, with its rows.
 *
 * @param known quoted names of what the backup holds; null where all of it does
 */
export async function describeDropped(
  session: Session,
  facts: TargetFacts,
  { kind, name }: SchemaObject,
  known: ReadonlySet<string> | null,
): Promise<Overwritten> {
  const table = kind === "TABLE"
    ? facts.relations.find((one) => one.kind === "table" && qualifiedName(one.schema, one.name) === name)
    : undefined;
  const count = table === undefined ? null : await countRows(session, table);
  const unknown = known !== null && !known.has(name) ? " (not in the backup)" : "";
  return {
    object: `${kind.toLowerCase()} ${name}${unknown}`,
    rows: count?.rows ?? null,
    estimated: count?.estimated ?? false,
  };
}

/**
 * Refuses to overwrite what nobody agreed to overwrite.
 *
 * @throws {PgstrataError} code `refused`
 */
export function refuseUnlessClean(overwritten: readonly Overwritten[], what: "objects" | "rows"): void {
  if (overwritten.length === 0) return;
  const names = overwritten.slice(0, 8).map(({ object }) => object).join(", ");
  throw new PgstrataError(
    what === "objects"
      ? "Cannot restore: what is to be restored exists in the target"
      : "Cannot restore rows: the target's tables are not empty",
    {
      code: "refused",
      context: { there: overwritten.length > 8 ? `${names} and ${overwritten.length - 8} more` : names },
      hint: what === "objects"
        ? "--clean drops it first, in the same transaction; --into-schema NEW restores tables beside the living ones."
        : "--clean empties the tables first, in the same transaction.",
    },
  );
}

/** One after the other: a session does one thing at a time. */
export async function inTurn<T, U>(values: readonly T[], make: (value: T) => Promise<U>): Promise<U[]> {
  const made: U[] = [];
  for (const value of values) made.push(await make(value));
  return made;
}
