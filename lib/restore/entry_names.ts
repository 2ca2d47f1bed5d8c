import type { TocEntry } from "../archive/mod.ts";
import type { LeftOut } from "./plan.ts";

/** Kinds that belong to another object and come and go with it. */
const ATTACHED_KINDS: ReadonlySet<string> = new Set(["ACL", "COMMENT", "SECURITY LABEL"]);

/** Whether an entry only says something about another object: its access list, comment or label. */
export function isAttached(entry: TocEntry): boolean {
  return ATTACHED_KINDS.has(entry.desc);
}

/** Whether an entry is about the database as a whole. */
export function isOfDatabase(entry: TocEntry): boolean {
  return entry.desc === "DATABASE" || entry.desc === "DATABASE PROPERTIES" ||
    (isAttached(entry) && (entry.namespace ?? "") === "" && (entry.tag ?? "").startsWith("DATABASE "));
}

/** Whether an entry says how the archive is to be read and is no object. */
export function isSetting(entry: TocEntry): boolean {
  return entry.desc === "ENCODING" || entry.desc === "STDSTRINGS" || entry.desc === "SEARCHPATH";
}

/** An entry's object without its kind, quoted as pg_dump does where it drops it: `app.orders`. */
export function quotedName(entry: TocEntry): string | null {
  const drop = (entry.dropStmt ?? "").replace(/;\s*$/, "");
  const prefix = `DROP ${entry.desc} `;
  return drop.startsWith(prefix) ? drop.slice(prefix.length) : null;
}

/** An entry for people: its kind and name. */
export function entryText(entry: TocEntry): { readonly kind: string; readonly object: string } {
  const schema = (entry.namespace ?? "") === "" ? "" : `${entry.namespace}.`;
  return { kind: entry.desc, object: `${schema}${entry.tag ?? ""}`.trim() };
}

/** An entry that is not restored. */
export function leaveOut(entry: TocEntry, reason: string): LeftOut {
  return { dumpId: entry.dumpId, ...entryText(entry), reason };
}
