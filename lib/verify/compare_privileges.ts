import type { PrivilegeRow } from "../catalog/mod.ts";
import { accessBeyond, accessList, accessText } from "../inventory/mod.ts";
import type { Findings } from "./findings.ts";

/** How owners and privileges are compared. */
export interface PrivilegeRules {
  readonly owners: boolean;
  readonly privileges: boolean;
  readonly databaseProperties: boolean;
  readonly reportExtra: boolean;
  /** Whether a row of either side is to be compared. */
  readonly inScope: (row: PrivilegeRow) => boolean;
  /** Why an expected object may be missing without that being a difference; null if it may not. */
  readonly excuse: (row: PrivilegeRow) => string | null;
  /** The same for what is there and not expected. */
  readonly excuseExtra: (row: PrivilegeRow) => string | null;
  /**
   * Whether an object is a member of an extension: it belongs to who created that, which pg_dump does not record
   * (`CREATE EXTENSION` has no owner).
   */
  readonly isOfExtension: (row: PrivilegeRow) => boolean;
}

/**
 * Compares owners and privileges object by object: those of columns and default privileges too. What anybody may do
 * beyond the original is `widened` and reported whatever the rules say.
 */
export function comparePrivileges(
  expected: readonly PrivilegeRow[],
  found: readonly PrivilegeRow[],
  rules: PrivilegeRules,
  findings: Findings,
): void {
  const rows = (list: readonly PrivilegeRow[]) =>
    new Map(list.filter((row) => isCompared(row, rules)).map((row) => [keyOf(row), row]));
  const wanted = rows(expected);
  const present = rows(found);
  for (const [key, row] of wanted) {
    const other = present.get(key);
    if (other !== undefined) compareRow(row, other, rules, findings);
    else compareMissing(row, rules, findings);
  }
  for (const [key, row] of present) if (!wanted.has(key)) compareExtra(row, rules, findings);
}

function compareRow(wanted: PrivilegeRow, present: PrivilegeRow, rules: PrivilegeRules, findings: Findings): void {
  const object = objectOf(wanted);
  if (rules.owners && wanted.kind !== "column" && wanted.kind !== "default" && !rules.isOfExtension(present)) {
    findings.count("owner");
    if (wanted.owner !== present.owner) {
      findings.differ("owner", "changed", object, `belongs to ${present.owner} instead of ${wanted.owner}`, {
        expected: wanted.owner,
        found: present.owner,
      });
    }
  }
  findings.count("privilege");
  const before = accessList(wanted.acl, wanted.kind, wanted.owner);
  const now = accessList(present.acl, present.kind, present.owner);
  const widened = accessBeyond(now, before);
  const lost = accessBeyond(before, now);
  const values = { expected: accessText(before), found: accessText(now) };
  if (widened.length > 0) {
    findings.differ("privilege", "widened", object, `gives more access: ${widened.join("; ")}`, values);
  }
  if (lost.length > 0 && rules.privileges) {
    findings.differ("privilege", "changed", object, `has lost ${lost.join("; ")}`, values);
  }
}

function compareMissing(row: PrivilegeRow, rules: PrivilegeRules, findings: Findings): void {
  const object = objectOf(row);
  const access = accessText(accessList(row.acl, row.kind, row.owner));
  const excuse = rules.excuse(row);
  if (excuse !== null) return findings.skip("privilege", object, excuse);
  if (row.kind === "column" || row.kind === "default") {
    findings.count("privilege");
    if (!rules.privileges) return;
    // A default that took something from PUBLIC (REVOKE) and is gone lets everybody in again.
    findings.differ("privilege", "missing", object, "privileges are missing", { expected: access });
    return;
  }
  // That the object itself is missing is said with the definitions, unless it belongs to an extension.
  findings.count("privilege");
  findings.differ("privilege", "missing", object, "the object and its privileges are missing", { expected: access });
}

function compareExtra(row: PrivilegeRow, rules: PrivilegeRules, findings: Findings): void {
  const access = accessText(accessList(row.acl, row.kind, row.owner));
  const excuse = rules.excuseExtra(row);
  if (excuse !== null) return findings.skip("privilege", objectOf(row), excuse);
  if (row.kind === "column" || row.kind === "default") {
    findings.count("privilege");
    if (access === "") return;
    findings.differ("privilege", "widened", objectOf(row), `gives more access: ${access}`, { found: access });
  } else if (rules.reportExtra) {
    findings.differ("privilege", "extra", objectOf(row), "is not in the original", { found: access });
  }
}

function isCompared(row: PrivilegeRow, rules: PrivilegeRules): boolean {
  return row.kind === "database" ? rules.databaseProperties : rules.inScope(row);
}

/** The database may have another name now. */
function keyOf(row: PrivilegeRow): string {
  return row.kind === "database" ? row.kind : `${row.kind}\0${row.object}`;
}

function objectOf(row: PrivilegeRow): string {
  return row.kind === "default" ? `DEFAULT PRIVILEGES FOR ${row.object}` : `${row.kind.toUpperCase()} ${row.object}`;
}
