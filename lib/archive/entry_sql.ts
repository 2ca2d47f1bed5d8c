import { quoteIdentifier } from "../base/mod.ts";
import type { ArchiveHeader } from "./header.ts";
import type { TocEntry } from "./toc_entry.ts";

/** `pg_class.relkind` of a partitioned table. */
const PARTITIONED_TABLE = "p".charCodeAt(0);

/** Kinds of object that carry an owner of their own (PostgreSQL: `_getObjectDescription`). */
const OWNED_KINDS: ReadonlySet<string> = new Set([
  "AGGREGATE",
  "COLLATION",
  "CONVERSION",
  "DOMAIN",
  "EVENT TRIGGER",
  "FOREIGN DATA WRAPPER",
  "FOREIGN TABLE",
  "FUNCTION",
  "MATERIALIZED VIEW",
  "OPERATOR",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "PROCEDURAL LANGUAGE",
  "PROCEDURE",
  "PUBLICATION",
  "SCHEMA",
  "SEQUENCE",
  "SERVER",
  "STATISTICS",
  "SUBSCRIPTION",
  "TABLE",
  "TEXT SEARCH CONFIGURATION",
  "TEXT SEARCH DICTIONARY",
  "TYPE",
  "VIEW",
]);

/**
 * Turns entries into the SQL that `pg_restore` would print for them, in the order given
 * (PostgreSQL: `_printTocEntry` in src/bin/pg_dump/pg_backup_archiver.c). Tablespace and access method are
 * settings of the session there, so one writer makes one file.
 */
export class EntrySqlWriter {
  #tablespace: string | null = null;
  #accessMethod: string | null = null;

  constructor(private readonly header: ArchiveHeader) {}

  /** The definition of an entry with its comment head and owner. */
  definition(entry: TocEntry): string {
    const parts = [this.#settings(entry), commentHead(entry)];
    const defn = entry.defn ?? "";
    if (defn !== "") parts.push(`${defn}\n\n`);
    if (defn !== "" && entry.relkind === PARTITIONED_TABLE && (entry.tableam ?? "") !== "") {
      parts.push(`ALTER ${objectOf(entry)} SET ACCESS METHOD ${quoteIdentifier(entry.tableam ?? "")};\n\n`);
    }
    const owner = ownerStatement(entry, this.header);
    if (owner !== null) parts.push(`${owner}\n\n`);
    return parts.join("");
  }

  /** What stands before the COPY data of an entry: comment head and the entry's own COPY statement. */
  copyHead(entry: TocEntry): string {
    return `${commentHead(entry, "Data for ")}${entry.copyStmt ?? ""}`;
  }

  #settings(entry: TocEntry): string {
    const parts: string[] = [];
    if (entry.tablespace !== null && entry.tablespace !== this.#tablespace) {
      this.#tablespace = entry.tablespace;
      const name = entry.tablespace === "" ? "''" : quoteIdentifier(entry.tablespace);
      parts.push(`SET default_tablespace = ${name};\n\n`);
    }
    const accessMethod = entry.tableam ?? "";
    if (accessMethod !== "" && accessMethod !== this.#accessMethod && entry.relkind !== PARTITIONED_TABLE) {
      this.#accessMethod = accessMethod;
      parts.push(`SET default_table_access_method = ${quoteIdentifier(accessMethod)};\n\n`);
    }
    return parts.join("");
  }
}

/** The statement that gives an entry's object to its owner, or null where there is none to give. */
export function ownerStatement(entry: TocEntry, header: ArchiveHeader): string | null {
  if (!OWNED_KINDS.has(entry.desc) || (entry.owner ?? "") === "" || (entry.dropStmt ?? "") === "") return null;
  // pg_restore of 15 and before alters every kind of relation as a table; the effect is the same.
  const object = header.minor < 15 ? objectOf(entry).replace(RELATION_KIND, "TABLE ") : objectOf(entry);
  return `ALTER ${object} OWNER TO ${quoteIdentifier(entry.owner ?? "")};`;
}

const RELATION_KIND = /^(?:SEQUENCE|VIEW|MATERIALIZED VIEW) /;

/**
 * `TABLE s.t` and the like: the DROP statement names the object just as ALTER must. Base types are dropped with
 * CASCADE, for the sake of their functions.
 */
export function objectOf(entry: TocEntry): string {
  return (entry.dropStmt ?? "").replace(/^DROP /, "").replace(/;\n$/, "").replace(/ CASCADE$/, "");
}

function commentHead(entry: TocEntry, prefix = ""): string {
  const tablespace = (entry.tablespace ?? "") === "" ? "" : `; Tablespace: ${oneLine(entry.tablespace)}`;
  return `--\n-- ${prefix}Name: ${oneLine(entry.tag)}; Type: ${entry.desc}; Schema: ${
    oneLine(entry.namespace, "-")
  }; ` +
    `Owner: ${oneLine(entry.owner, "-")}${tablespace}\n--\n\n`;
}

/** A name that cannot end the comment it stands in (PostgreSQL: `sanitize_line`). */
function oneLine(name: string | null, whenNone = ""): string {
  if (name === null) return whenNone;
  return name.replaceAll(/[\r\n]/g, " ");
}
