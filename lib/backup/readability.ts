import { PgstrataError, qualifiedName } from "../base/mod.ts";
import type { Relation } from "../inventory/mod.ts";

/** Objects named in an error; the rest are counted. */
const NAMED = 20;

/** Relations whose rows, or value in the case of sequences, must be read. */
const READ_KINDS: ReadonlySet<Relation["kind"]> = new Set(["table", "partitioned_table", "sequence"]);

/**
 * Relations that the backup needs and this role may not read. Those of extensions count only where we would read them:
 * their rows are copied when they can be, and named when they cannot.
 */
export function unreadableRelations(relations: readonly Relation[]): Relation[] {
  return relations.filter((relation) =>
    relation.selected && !relation.readable && READ_KINDS.has(relation.kind) &&
    (relation.extension === null || relation.extensionConfiguration)
  );
}

/**
 * Refuses a backup that would silently lack something.
 *
 * @throws {PgstrataError} with the list, unless there is nothing unreadable
 */
export function refuseUnreadable(unreadable: readonly Relation[], largeObjects: number, user: string): void {
  if (unreadable.length === 0 && largeObjects === 0) return;
  const names = unreadable.map((relation) =>
    `${qualifiedName(relation.schema, relation.name)} (${relation.unreadableReason})`
  );
  const rest = names.length > NAMED ? [`and ${names.length - NAMED} more`] : [];
  const objects = largeObjects > 0 ? [`${largeObjects} large objects`] : [];
  const list = [...names.slice(0, NAMED), ...rest, ...objects];
  throw new PgstrataError(
    `Cannot back up everything: ${list.length === 1 ? "one object" : "some objects"} cannot be read`,
    {
      context: { role: user, unreadable: list.join(", ") },
      hint: "Back up as the owner, or grant pg_read_all_data (14 and newer) and BYPASSRLS to the role; " +
        "--skip-unreadable goes on without them and calls the backup incomplete; --exclude-table leaves them out on purpose.",
    },
  );
}
