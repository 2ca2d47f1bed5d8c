import { EntrySqlWriter } from "./entry_sql.ts";
import type { Toc } from "./toc.ts";
import type { TocEntry } from "./toc_entry.ts";

/** Kinds that say how to read the archive, not what to restore. */
const READING_KINDS: ReadonlySet<string> = new Set(["ENCODING", "STDSTRINGS", "SEARCHPATH"]);

/** Kinds that are restored only where the database itself is created. */
const DATABASE_KINDS: ReadonlySet<string> = new Set(["DATABASE", "DATABASE PROPERTIES"]);

/** Kinds that count as data though they have a definition (PostgreSQL: `_tocEntryRequired`). */
const DATA_KINDS: ReadonlySet<string> = new Set(["SEQUENCE SET", "BLOB", "BLOBS", "BLOB METADATA", "BLOB COMMENTS"]);

/** Found once: an archive of many tables has as many scripts. */
const settings = new WeakMap<Toc, readonly string[]>();

/**
 * The settings that every script begins with. Unlike pg_dump's they hold neither `\restrict`, which drivers and
 * older psql reject, nor `transaction_timeout`, which servers before 17 reject: any supported server takes them.
 */
export function scriptHead(toc: Toc, title: string): string {
  let statements = settings.get(toc);
  if (statements === undefined) {
    statements = toc.entries.filter((entry) => READING_KINDS.has(entry.desc)).map(settingOf);
    settings.set(toc, statements);
  }
  return [
    `--\n-- ${title}\n--\n\n`,
    `-- Dumped from database version ${oneLine(toc.header.serverVersion)}\n`,
    `-- Dumped by pg_dump version ${oneLine(toc.header.clientVersion)}\n\n`,
    "SET statement_timeout = 0;\n",
    "SET lock_timeout = 0;\n",
    "SET idle_in_transaction_session_timeout = 0;\n",
    ...statements,
    "SET check_function_bodies = false;\n",
    "SET xmloption = content;\n",
    "SET client_min_messages = warning;\n",
    "SET row_security = off;\n\n",
  ].join("");
}

/** Whether an entry is part of a script that defines objects: no data, nothing about the database as a whole. */
export function isDefinition(entry: TocEntry): boolean {
  if (READING_KINDS.has(entry.desc) || DATABASE_KINDS.has(entry.desc) || isOfDatabase(entry)) return false;
  return !isData(entry);
}

/** Whether an entry is data: rows, large objects, sequence values. */
export function isData(entry: TocEntry): boolean {
  if (entry.hasData || DATA_KINDS.has(entry.desc)) return true;
  const tag = entry.tag ?? "";
  return ["ACL", "COMMENT", "SECURITY LABEL"].includes(entry.desc) && /^LARGE OBJECTS? /.test(tag);
}

/**
 * The order in which `pg_restore` prints: everything but access lists, then these, then what may depend on them
 * (PostgreSQL: `_tocEntryRestorePass`).
 */
export function restorePass(entry: TocEntry): 1 | 2 | 3 {
  if (entry.desc === "ACL" || entry.desc === "ACL LANGUAGE" || entry.desc === "DEFAULT ACL") return 2;
  if (entry.desc === "EVENT TRIGGER" || entry.desc === "MATERIALIZED VIEW DATA") return 3;
  if (entry.desc === "COMMENT" && (entry.tag ?? "").startsWith("EVENT TRIGGER ")) return 3;
  if (entry.desc === "STATISTICS DATA" && entry.section === "post-data") return 3;
  return 1;
}

/** Entries in the order in which they are restored. */
export function inRestoreOrder(entries: readonly TocEntry[]): TocEntry[] {
  return [1, 2, 3].flatMap((pass) => entries.filter((entry) => restorePass(entry) === pass));
}

/**
 * The definitions of a whole archive as SQL, as `pg_restore --schema-only --file=-` prints them, piece by piece.
 */
export function* schemaScript(toc: Toc): Generator<string> {
  const writer = new EntrySqlWriter(toc.header);
  yield scriptHead(toc, "PostgreSQL database dump");
  for (const entry of inRestoreOrder(toc.entries.filter(isDefinition))) yield writer.definition(entry);
  yield "--\n-- PostgreSQL database dump complete\n--\n\n";
}

/** `pg_restore` reads the flag and prints it without quotes. */
function settingOf(entry: TocEntry): string {
  const defn = entry.defn ?? "";
  return entry.desc === "STDSTRINGS" ? defn.replace(/'(on|off)'/, "$1") : defn;
}

function isOfDatabase(entry: TocEntry): boolean {
  return ["ACL", "COMMENT", "SECURITY LABEL"].includes(entry.desc) && (entry.tag ?? "").startsWith("DATABASE ");
}

function oneLine(text: string | null): string {
  return (text ?? "unknown").replaceAll(/[\r\n]/g, " ");
}
