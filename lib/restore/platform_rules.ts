import type { TocEntry } from "../archive/mod.ts";
import { isAttached } from "./entry_names.ts";
import { hasUserRows, isMigrationTable, isPlatformSchema } from "./supabase_names.ts";
import type { TargetFacts } from "./target_facts.ts";

/** Kinds that only a superuser may create. */
const SUPERUSER_KINDS: ReadonlySet<string> = new Set([
  "ACCESS METHOD",
  "EVENT TRIGGER",
  "FOREIGN DATA WRAPPER",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "PROCEDURAL LANGUAGE",
  "SECURITY LABEL",
  "SUBSCRIPTION",
  "TRANSFORM",
]);

const ROUTINES: ReadonlySet<string> = new Set(["FUNCTION", "PROCEDURE"]);

/**
 * Why a role that is no superuser cannot restore an entry, or null if it can. These are PostgreSQL's own rules:
 * they hold on every server.
 */
export function refusedToOrdinaryRole(entry: TocEntry, facts: TargetFacts): string | null {
  const { role } = facts;
  if (role.superuser) return null;
  const defn = entry.defn ?? "";
  const tag = entry.tag ?? "";
  if (entry.desc === "EVENT TRIGGER" && facts.eventTriggers.has(tag)) return "is there already";
  if (SUPERUSER_KINDS.has(entry.desc)) return "only a superuser may create it";
  if (ROUTINES.has(entry.desc) && /\n? {4}LANGUAGE (?:c|internal)\b/.test(defn)) {
    return "written in C: only a superuser may create it";
  }
  if (entry.desc === "TYPE" && /\n {4}INPUT = /.test(defn)) return "a base type: only a superuser may create it";
  if (entry.desc === "PUBLICATION" && / FOR ALL TABLES\b/.test(defn)) return "for all tables: needs a superuser";
  if (entry.desc === "PUBLICATION" && facts.publications.has(tag)) return "is there already";
  if (entry.desc.startsWith("PUBLICATION ")) {
    const publication = publicationOf(entry);
    const owner = publication === null ? undefined : facts.publications.get(publication);
    if (owner !== undefined && !role.actsFor.has(owner)) return `the publication belongs to ${owner}`;
  }
  if (entry.desc === "DEFAULT ACL" && !role.actsFor.has(entry.owner ?? "")) {
    return `default privileges of ${entry.owner}: only that role can set them`;
  }
  if (isAttached(entry) && tag.startsWith("EXTENSION ")) return "needs the extension's owner";
  if (isAttached(entry) && tag.startsWith("EVENT TRIGGER ")) return "needs a superuser";
  if (isAttached(entry) && tag.startsWith("LANGUAGE ")) return "needs the language's owner";
  return null;
}

/** What is done with an entry of a schema that the platform owns. */
export type PlatformVerdict =
  | { readonly restore: "as usual" }
  | { readonly restore: "rows" }
  | { readonly restore: "no"; readonly reason: string };

/** Why a policy on a table of the platform is left to a person. */
export const POLICY_REFUSED = "only the table's owner may create it, or who supautils allows to";

/** What hangs on a platform's table and is the user's own. */
const USERS_OWN: ReadonlySet<string> = new Set(["POLICY", "TRIGGER"]);

/**
 * What a hosted Supabase database takes of an entry. Its schemas and tables are made by the platform; rows of `auth` and
 * `storage` go into those tables; of what hangs on them, the users' policies and triggers are restored.
 *
 * @param existing policies and triggers of the target, as {@linkcode hangingKey} writes them
 */
export function platformVerdict(entry: TocEntry, facts: TargetFacts, existing: ReadonlySet<string>): PlatformVerdict {
  const no = (reason: string): PlatformVerdict => ({ restore: "no", reason });
  const schema = schemaOf(entry);
  if (schema === null || !ownedByPlatform(schema, facts)) return { restore: "as usual" };
  if (entry.desc.startsWith("PUBLICATION ")) return no("a table of the platform");
  if (entry.desc === "TABLE DATA") {
    if (isMigrationTable(schema, entry.tag ?? "")) return no("the platform's own migrations");
    if (!hasUserRows(schema)) return no(`rows of ${schema} are the platform's`);
    const there = facts.relations.some(({ schema: of, name }) => of === schema && name === entry.tag);
    return there ? { restore: "rows" } : no("the target has no such table");
  }
  if (entry.desc === "SEQUENCE SET") {
    const there = facts.relations.some(({ schema: of, name }) => of === schema && name === entry.tag);
    return hasUserRows(schema) && there ? { restore: "rows" } : no(`${schema} is the platform's`);
  }
  if (USERS_OWN.has(entry.desc)) {
    const key = hangingKey(entry);
    if (key !== null && existing.has(key)) return no("is there already");
    const table = / ON ([^ ]+)$/.exec(key ?? "")?.[1] ?? "";
    if (entry.desc === "POLICY" && !facts.policyTables.has(table)) return no(POLICY_REFUSED);
    return { restore: "as usual" };
  }
  return no(`${schema} is the platform's: it makes this itself`);
}

/** The platform's schema that a reason of {@linkcode platformVerdict} is about; null where it is about something else. */
export function platformSchemaOf(reason: string): string | null {
  return /^(?:rows of )?(\S+) (?:is|are) the platform's(?:: it makes this itself)?$/.exec(reason)?.[1] ?? null;
}

/** `POLICY name ON schema.table`, quoted as pg_dump and `format('%I')` do; null where it cannot be told. */
export function hangingKey(entry: TocEntry): string | null {
  const drop = (entry.dropStmt ?? "").replace(/;\s*$/, "");
  return drop.startsWith("DROP ") ? drop.slice("DROP ".length) : null;
}

/** Whether a schema of a hosted Supabase database is the platform's. */
export function ownedByPlatform(schema: string, facts: TargetFacts): boolean {
  const there = facts.schemas.get(schema);
  if (there === undefined) return isPlatformSchema(schema);
  if (schema === "public") return false;
  return isPlatformSchema(schema) || !facts.role.actsFor.has(there.owner);
}

function schemaOf(entry: TocEntry): string | null {
  if (entry.desc === "SCHEMA") return entry.tag;
  if ((entry.namespace ?? "") !== "") return entry.namespace;
  return isAttached(entry) && (entry.tag ?? "").startsWith("SCHEMA ")
    ? (entry.tag ?? "").slice("SCHEMA ".length)
    : null;
}

/** `ALTER PUBLICATION name ADD …`. */
export function publicationOf(entry: TocEntry): string | null {
  const name = /^ALTER PUBLICATION ("(?:[^"]|"")+"|\S+) /.exec(entry.defn ?? "")?.[1];
  if (name === undefined) return null;
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
