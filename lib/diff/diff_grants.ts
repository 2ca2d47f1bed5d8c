import type { PrivilegeRow } from "../catalog/mod.ts";
import { accessBeyond, accessList, OWNER } from "../inventory/mod.ts";
import type { GrantChange } from "./database_diff.ts";

/**
 * Owners and grants object by object. What came or went with its object is told where others than the owner may do
 * something with it; the database's name may differ.
 *
 * @param inScope which rows are looked at
 */
export function diffGrants(
  before: readonly PrivilegeRow[],
  after: readonly PrivilegeRow[],
  inScope: (row: PrivilegeRow) => boolean,
): GrantChange[] {
  const old = byKey(before.filter(inScope));
  const now = byKey(after.filter(inScope));
  const changes: GrantChange[] = [];
  for (const [key, row] of old) {
    const other = now.get(key) ?? null;
    const change = compare(row, other);
    if (change !== null) changes.push(change);
  }
  for (const [key, row] of now) {
    const change = old.has(key) ? null : compare(null, row);
    if (change !== null) changes.push(change);
  }
  return changes.toSorted((a, b) => `${a.object} ${a.kind}` < `${b.object} ${b.kind}` ? -1 : 1);
}

function compare(before: PrivilegeRow | null, after: PrivilegeRow | null): GrantChange | null {
  const row = after ?? before;
  if (row === null) return null;
  const isOwned = row.kind !== "column" && row.kind !== "default";
  const old = before === null ? new Map() : accessList(before.acl, before.kind, before.owner);
  const now = after === null ? new Map() : accessList(after.acl, after.kind, after.owner);
  const others = (texts: readonly string[]) =>
    before !== null && after !== null ? texts : texts.filter((text) => !text.endsWith(` to ${OWNER}`));
  // What PUBLIC may do by PostgreSQL's own default (EXECUTE, USAGE of types) is no news with a new object.
  const isDefault = (one: PrivilegeRow | null) => one !== null && one.acl === null;
  const gained = before === null && isDefault(after) ? [] : others(accessBeyond(now, old));
  const lost = after === null && isDefault(before) ? [] : others(accessBeyond(old, now));
  const movedOwner = isOwned && before !== null && after !== null && before.owner !== after.owner;
  if (gained.length === 0 && lost.length === 0 && !movedOwner) return null;
  return {
    change: before === null ? "added" : after === null ? "removed" : "changed",
    kind: row.kind,
    object: row.kind === "database" ? "the database" : row.object,
    ownerBefore: isOwned ? before?.owner ?? null : null,
    ownerAfter: isOwned ? after?.owner ?? null : null,
    gained,
    lost,
  };
}

function byKey(rows: readonly PrivilegeRow[]): Map<string, PrivilegeRow> {
  return new Map(rows.map((row) => [row.kind === "database" ? row.kind : `${row.kind}\0${row.object}`, row]));
}
