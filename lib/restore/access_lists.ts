import type { TocEntry } from "../archive/mod.ts";
import { entryText } from "./entry_names.ts";
import { authorizationOf, rolesOfStatement } from "./role_names.ts";
import { splitStatements } from "./sql_statements.ts";

/** Kinds that grant and revoke. */
const ACCESS_KINDS: ReadonlySet<string> = new Set(["ACL", "ACL LANGUAGE", "DEFAULT ACL"]);

/** How privileges are restored. */
export interface AccessLists {
  /** Entries that pg_restore can apply whole, and all that are no access lists. */
  readonly entries: readonly TocEntry[];
  /** Statements of the other access lists, to be run after everything else. */
  readonly statements: readonly string[];
  /** What could not be granted, in words. */
  readonly notGranted: readonly string[];
}

/** Whether an entry is an access list. */
export function isAccessList(entry: TocEntry): boolean {
  return ACCESS_KINDS.has(entry.desc);
}

/**
 * Parts access lists into those that can be applied whole and single statements of those that cannot: a role that is
 * missing, or a grant made by another role that this one cannot act for, leaves out its own statements only.
 *
 * @param known roles of the target
 * @param mayActFor whether the restoring role may take the place of another
 */
export function splitAccessLists(
  entries: readonly TocEntry[],
  known: ReadonlySet<string>,
  mayActFor: (role: string) => boolean,
): AccessLists {
  const whole: TocEntry[] = [];
  const statements: string[] = [];
  const notGranted: string[] = [];
  for (const entry of entries) {
    if (!isAccessList(entry)) {
      whole.push(entry);
      continue;
    }
    const parts = [...splitStatements(entry.defn ?? "")].map(({ text }) => text);
    const refused = refusedStatements(parts, known, mayActFor);
    if (refused.size === 0) {
      whole.push(entry);
      continue;
    }
    statements.push(...parts.filter((part) => !refused.has(part)));
    const { object } = entryText(entry);
    for (const [part, reason] of refused) {
      if (authorizationOf(part) === undefined) notGranted.push(`${object}: ${part} (${reason})`);
    }
  }
  return { entries: whole, statements, notGranted };
}

function refusedStatements(
  parts: readonly string[],
  known: ReadonlySet<string>,
  mayActFor: (role: string) => boolean,
): Map<string, string> {
  const refused = new Map<string, string>();
  let actingFor: string | null = null;
  for (const part of parts) {
    const authorization = authorizationOf(part);
    if (authorization !== undefined) {
      const before: string | null = actingFor;
      actingFor = authorization;
      const role: string | null = authorization ?? before;
      if (role !== null && (!known.has(role) || !mayActFor(role))) refused.set(part, "");
      continue;
    }
    const missing = rolesOfStatement(part).filter((role) => !known.has(role));
    if (missing.length > 0) refused.set(part, `there is no role ${missing.join(", ")}`);
    else if (actingFor !== null && !known.has(actingFor)) refused.set(part, `granted by ${actingFor}, who is missing`);
    else if (actingFor !== null && !mayActFor(actingFor)) refused.set(part, `granted by ${actingFor}`);
  }
  return refused;
}
