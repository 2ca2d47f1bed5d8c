import { isData, isDefinition, isLargeObject, type Toc, type TocEntry } from "../archive/mod.ts";
import { quoteIdentifier } from "../base/mod.ts";
import type { DifferenceCategory } from "./comparison.ts";
import { entryName } from "./entry_name.ts";

/** An object of a table of contents, ready to be compared with the one of the same key. */
export interface Definition {
  readonly key: string;
  readonly category: DifferenceCategory;
  /** `INDEX public.orders_at`. */
  readonly object: string;
  /** Definitions, tablespace and access method as text. */
  readonly text: string;
  /** Null where the owner is compared with the privileges, or follows from another object. */
  readonly owner: string | null;
  readonly dumpIds: readonly number[];
}

/** Which definitions are compared. */
export interface DefinitionScope {
  /** dumpIds; null is all. */
  readonly entries: ReadonlySet<number> | null;
  /** Schemas by their name in the archive; null is all. */
  readonly schemas: ReadonlySet<string> | null;
  readonly databaseProperties: boolean;
  readonly privileges: boolean;
}

/** Kinds whose owner no row of the inventory's privileges has. */
const OWNED_ELSEWHERE: ReadonlySet<string> = new Set([
  "COLLATION",
  "CONVERSION",
  "EVENT TRIGGER",
  "OPERATOR",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "PROCEDURAL LANGUAGE",
  "PUBLICATION",
  "STATISTICS",
  "TEXT SEARCH CONFIGURATION",
  "TEXT SEARCH DICTIONARY",
  "BLOB",
  "BLOB METADATA",
]);

/** The objects of an archive by key. Entries with the same key (there are hardly any) are put together. */
export function definitionsOf(toc: Toc, scope: DefinitionScope): Map<string, Definition> {
  const database = toc.header.database ?? "";
  const definitions = new Map<string, Definition>();
  for (const entry of toc.entries) {
    const category = categoryOf(entry, scope);
    if (category === null) continue;
    const tag = isOfDatabase(entry) ? (entry.tag ?? "").replace(database, "*") : entry.tag ?? "";
    const owned = entry.desc === "DEFAULT ACL" ? entry.owner ?? "" : "";
    const key = [entry.desc, entry.namespace ?? "", tag, owned].join("\0");
    const text = textOf(entry, database);
    const before = definitions.get(key);
    definitions.set(key, {
      key,
      category,
      object: entryName(entry, tag),
      text: before === undefined ? text : [...before.text.split("\0"), text].sort().join("\0"),
      owner: OWNED_ELSEWHERE.has(entry.desc) ? entry.owner : null,
      dumpIds: [...(before?.dumpIds ?? []), entry.dumpId],
    });
  }
  return definitions;
}

function categoryOf(entry: TocEntry, scope: DefinitionScope): DifferenceCategory | null {
  const { entries, schemas } = scope;
  if (entries !== null && !entries.has(entry.dumpId)) return null;
  if (schemas !== null && !isOfSchemas(entry, schemas)) return null;
  // Extensions are compared with their versions.
  if (entry.desc === "EXTENSION") return null;
  if (isLargeObject(entry)) {
    return entry.hasData || (entry.desc === "ACL" && !scope.privileges) ? null : "large_object";
  }
  if (isOfDatabase(entry)) return scope.databaseProperties && entry.desc !== "DATABASE" ? "database" : null;
  if (isData(entry) || !isDefinition(entry)) return null;
  switch (entry.desc) {
    case "ACL":
    case "ACL LANGUAGE":
    case "DEFAULT ACL":
      // The others are compared privilege by privilege.
      return scope.privileges && isUnlistedAcl(entry) ? "privilege" : null;
    case "COMMENT":
    case "SECURITY LABEL":
      return "comment";
    case "POLICY":
    case "ROW SECURITY":
      return "policy";
    default:
      return "definition";
  }
}

/** Access lists that the inventory does not read: of PostgreSQL's own objects, languages, parameters. */
function isUnlistedAcl(entry: TocEntry): boolean {
  if (entry.desc === "DEFAULT ACL") return false;
  const namespace = entry.namespace ?? "";
  return /^pg_|^information_schema$/.test(namespace) || /^(?:LANGUAGE|PARAMETER|TABLESPACE) /.test(entry.tag ?? "");
}

function isOfSchemas(entry: TocEntry, schemas: ReadonlySet<string>): boolean {
  if (entry.namespace) return schemas.has(entry.namespace);
  const tag = entry.desc === "SCHEMA" ? entry.tag ?? "" : /^SCHEMA (.*)$/s.exec(entry.tag ?? "")?.[1];
  return tag !== undefined && schemas.has(tag);
}

/** Whether an entry is about the database as a whole. */
export function isOfDatabase(entry: TocEntry): boolean {
  if (entry.desc === "DATABASE" || entry.desc === "DATABASE PROPERTIES") return true;
  return ["ACL", "COMMENT", "SECURITY LABEL"].includes(entry.desc) && (entry.tag ?? "").startsWith("DATABASE ");
}

function textOf(entry: TocEntry, database: string): string {
  const defn = (entry.defn ?? "").trimEnd();
  const settled = isOfDatabase(entry) ? defn.replaceAll(`DATABASE ${quoteIdentifier(database)} `, "DATABASE * ") : defn;
  const tablespace = entry.tablespace ? `\n-- tablespace ${entry.tablespace}` : "";
  const method = entry.tableam ? `\n-- access method ${entry.tableam}` : "";
  return settled + tablespace + method;
}
