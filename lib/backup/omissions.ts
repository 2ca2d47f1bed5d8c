import { qualifiedName } from "../base/mod.ts";
import type { Omission } from "../catalog/mod.ts";
import { type CatalogObject, hasPatterns, type Relation } from "../inventory/mod.ts";
import { extensionTables } from "./extension_tables.ts";
import type { ReadOutcome } from "./read_outcome.ts";
import type { ReadPlan } from "./read_plan.ts";

/** OID of the catalog `pg_class`. */
const PG_CLASS = "1259";

/** Tables whose rows are worth nothing after the fact, whatever the user configured: queues of pg_net. */
const TRANSIENT_TABLES: ReadonlySet<string> = new Set(["net.http_request_queue", "net._http_response"]);

/**
 * Compares the catalog, as the snapshot shows it, with what was read: what the catalog holds is in the backup, or
 * stands here with its reason.
 *
 * @param objects the catalog's objects other than tables; they count only where nothing was chosen by patterns
 */
export function findOmissions(
  plan: ReadPlan,
  outcome: ReadOutcome,
  objects: readonly CatalogObject[],
): Omission[] {
  return [
    ...relationOmissions(plan, outcome),
    ...dataOmissions(plan, outcome),
    ...objectOmissions(plan, outcome, objects),
    ...largeObjectOmissions(plan),
  ];
}

/** Definitions of tables; those of extensions come back with the extension. */
function relationOmissions(plan: ReadPlan, outcome: ReadOutcome): Omission[] {
  if (plan.options.content === "data-only") return [];
  const unreadable = new Set(plan.unreadable.map((relation) => relation.oid));
  const chosen = hasPatterns(plan.options.selection);
  return plan.relations.flatMap((relation): Omission[] => {
    const object = qualifiedName(relation.schema, relation.name);
    const kind = relation.kind.replace("_", " ");
    if (!relation.selected) {
      return [{ kind, object, reason: "left out by the command's patterns", severity: "excluded" }];
    }
    if (unreadable.has(relation.oid)) {
      const reason = `cannot be read: ${relation.unreadableReason}`;
      return [{ kind, object, reason, severity: severity(plan, relation) }];
    }
    if (relation.extension !== null || outcome.defined.has(`${PG_CLASS}:${relation.oid}`)) return [];
    // Views and sequences are compared with all other objects, unless patterns choose relations only.
    if (!chosen && !isTable(relation)) return [];
    return [{ kind, object, reason: "pg_dump did not dump it", severity: severity(plan, relation) }];
  });
}

function dataOmissions(plan: ReadPlan, outcome: ReadOutcome): Omission[] {
  if (plan.options.content === "schema-only") return [];
  const copied = new Set(extensionTables(plan).map((table) => table.oid));
  const unreadable = new Set(plan.unreadable.map((relation) => relation.oid));
  return plan.relations.flatMap((relation): Omission[] => {
    if (!relation.selected || unreadable.has(relation.oid)) return [];
    const omission = (reason: string, severity: Omission["severity"]): Omission[] => [
      { kind: "table data", object: qualifiedName(relation.schema, relation.name), reason, severity },
    ];
    if (relation.kind === "foreign_table") return omission("a foreign table: its rows are elsewhere", "expected");
    if (relation.kind !== "table") return [];
    if (!relation.dataSelected) return omission("left out by --exclude-table-data", "excluded");
    if (outcome.dataOids.has(relation.oid)) {
      const only = copied.has(relation.oid) && !relation.extensionConfiguration;
      return only
        ? omission(`belongs to extension ${relation.extension}: rows in the table tier only`, "expected")
        : [];
    }
    if (relation.unlogged && plan.server.inRecovery) {
      return omission("an unlogged table cannot be read on a standby", "expected");
    }
    if (relation.extension !== null && !plan.options.tiers.includes("table")) {
      return omission(
        `belongs to extension ${relation.extension}: only the table tier would hold its rows`,
        severity(plan, relation),
      );
    }
    return omission("pg_dump did not dump its rows", severity(plan, relation));
  });
}

function objectOmissions(plan: ReadPlan, outcome: ReadOutcome, objects: readonly CatalogObject[]): Omission[] {
  if (hasPatterns(plan.options.selection) || plan.options.content === "data-only") return [];
  const unreadable = new Set(plan.unreadable.map((relation) => String(relation.oid)));
  return objects.flatMap((object): Omission[] => {
    if (outcome.defined.has(`${object.classOid}:${object.oid}`) || unreadable.has(object.oid)) return [];
    return [{
      kind: object.kind,
      object: object.identity,
      reason: object.undumpable ?? "pg_dump did not dump it",
      severity: object.undumpable === null ? "lost" : "expected",
    }];
  });
}

function largeObjectOmissions(plan: ReadPlan): Omission[] {
  if (!plan.withoutLargeObjects) return [];
  return [{ kind: "large objects", object: "all", reason: "some of them cannot be read", severity: "lost" }];
}

function severity(plan: ReadPlan, relation: Relation): Omission["severity"] {
  const plain = `${relation.schema}.${relation.name}`;
  const expected = TRANSIENT_TABLES.has(plain) || plan.options.expectedOmissions.includes(plain) ||
    plan.options.expectedOmissions.includes(qualifiedName(relation.schema, relation.name));
  return expected ? "expected" : "lost";
}

function isTable(relation: Relation): boolean {
  return relation.kind === "table" || relation.kind === "partitioned_table" || relation.kind === "foreign_table";
}
