import { quoteIdentifier } from "../base/mod.ts";

/** A table to lock, as the caller's list names it. */
export interface LockableRelation {
  readonly oid: number | string;
  readonly schema: string;
  readonly name: string;
  /** `pg_class.relkind`. */
  readonly kind: string;
}

/** Names in one LOCK statement: few statements, none of them huge. */
const BATCH = 500;

/** `LOCK TABLE` statements for all relations; `ONLY`, because partitions are in the list themselves. */
export function lockStatements(relations: readonly LockableRelation[]): string {
  const statements: string[] = [];
  for (let start = 0; start < relations.length; start += BATCH) {
    const names = relations.slice(start, start + BATCH).map(({ schema, name }) =>
      `ONLY ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
    );
    statements.push(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE;`);
  }
  return statements.join("\n");
}

/** Whether two lists name the same tables with the same oids. */
export function sameRelations(before: readonly LockableRelation[], after: readonly LockableRelation[]): boolean {
  const key = ({ oid, schema, name }: LockableRelation) => JSON.stringify([String(oid), schema, name]);
  const known = new Set(before.map(key));
  return known.size === after.length && after.every((relation) => known.has(key(relation)));
}
