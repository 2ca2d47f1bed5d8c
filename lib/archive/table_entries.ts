import type { Toc } from "./toc.ts";
import type { TocEntry } from "./toc_entry.ts";

/** Everything in an archive that belongs to one table. */
export interface TableEntries {
  /** The TABLE or FOREIGN TABLE entry. */
  readonly table: TocEntry;
  /** `schema.table`, quoted as pg_dump quotes it. */
  readonly qualifiedName: string;
  /** Definition of the table and of all that hangs on it, in archive order, without `data` and sequence values. */
  readonly definitions: readonly TocEntry[];
  /** The TABLE DATA entry, if its rows are in the archive. */
  readonly data: TocEntry | null;
  /** SEQUENCE SET entries of the sequences it owns. */
  readonly sequenceValues: readonly TocEntry[];
}

/** The entries of an archive sorted by the table they belong to. */
export interface TableGrouping {
  /** In archive order. */
  readonly tables: readonly TableEntries[];
  /** Sequences that no table owns, with their comments, access lists and values, in archive order. */
  readonly looseSequences: readonly TocEntry[];
  /** Rows whose table is not defined in the archive: configuration tables of extensions. */
  readonly looseData: readonly TocEntry[];
}

/**
 * Sorts out what `pg_dump --table` would dump with each table, from the table of contents alone.
 *
 * Dependencies tell which tables an entry touches, its text which one it stands on: a foreign key depends on
 * two tables, and a name may look like another's beginning (`a b` and `a`).
 */
export function groupByTable(toc: Toc): TableGrouping {
  const owners = new OwnerFinder(toc.entries);
  const groups = new Map<number, { definitions: TocEntry[]; data: TocEntry | null; values: TocEntry[] }>();
  for (const table of owners.tables.keys()) groups.set(table, { definitions: [], data: null, values: [] });
  const looseSequences: TocEntry[] = [];
  const looseData: TocEntry[] = [];
  for (const entry of toc.entries) {
    const owner = owners.tableOf(entry);
    const group = owner === undefined ? undefined : groups.get(owner);
    if (group === undefined) {
      if (owners.isOfSequence(entry)) looseSequences.push(entry);
      else if (entry.desc === "TABLE DATA") looseData.push(entry);
    } else if (entry.desc === "TABLE DATA") group.data = entry;
    else if (entry.desc === "SEQUENCE SET") group.values.push(entry);
    else group.definitions.push(entry);
  }
  const tables = [...owners.tables].map(([dumpId, { entry: table, qualifiedName }]) => {
    const group = groups.get(dumpId);
    return {
      table,
      qualifiedName,
      definitions: group?.definitions ?? [],
      data: group?.data ?? null,
      sequenceValues: group?.values ?? [],
    };
  });
  return { tables, looseSequences, looseData };
}

class OwnerFinder {
  readonly tables = new Map<number, { readonly entry: TocEntry; readonly qualifiedName: string }>();
  readonly #byDumpId = new Map<number, TocEntry>();
  readonly #tableByName = new Map<string, number>();
  readonly #owners = new Map<number, number | undefined>();
  readonly #sequenceOwners = new Map<number, number>();

  constructor(entries: readonly TocEntry[]) {
    for (const entry of entries) {
      this.#byDumpId.set(entry.dumpId, entry);
      if (entry.desc !== "TABLE" && entry.desc !== "FOREIGN TABLE") continue;
      const qualifiedName = (entry.dropStmt ?? "").replace(/^DROP (?:FOREIGN )?TABLE /, "").replace(/;\n$/, "");
      this.tables.set(entry.dumpId, { entry, qualifiedName });
      this.#tableByName.set(nameKey(entry.namespace, entry.tag), entry.dumpId);
    }
    for (const entry of entries) {
      if (entry.desc !== "SEQUENCE OWNED BY" && entry.desc !== "SEQUENCE") continue;
      const sequence = entry.desc === "SEQUENCE" ? entry.dumpId : entry.dependencies[0];
      const table = this.#owningTable(entry);
      if (table !== undefined && sequence !== undefined) this.#sequenceOwners.set(sequence, table);
    }
  }

  /** dumpId of the table an entry belongs to. */
  tableOf(entry: TocEntry): number | undefined {
    if (this.#owners.has(entry.dumpId)) return this.#owners.get(entry.dumpId);
    this.#owners.set(entry.dumpId, undefined); // An entry that depends on itself through others ends here.
    const owner = this.#find(entry);
    this.#owners.set(entry.dumpId, owner);
    return owner;
  }

  /** Whether an entry is a sequence or is about one. */
  isOfSequence(entry: TocEntry): boolean {
    if (entry.desc === "SEQUENCE") return true;
    if (!["COMMENT", "ACL", "SECURITY LABEL", "SEQUENCE SET"].includes(entry.desc)) return false;
    const subject = this.#byDumpId.get(entry.dependencies[0] ?? 0);
    return subject?.desc === "SEQUENCE";
  }

  #find(entry: TocEntry): number | undefined {
    switch (entry.desc) {
      case "TABLE":
      case "FOREIGN TABLE":
        return entry.dumpId;
      case "TABLE DATA":
      case "TABLE ATTACH":
        return this.#tableByName.get(nameKey(entry.namespace, entry.tag));
      case "SEQUENCE":
        return this.#sequenceOwners.get(entry.dumpId);
      case "SEQUENCE OWNED BY":
      case "SEQUENCE SET":
      case "COMMENT":
      case "ACL":
      case "SECURITY LABEL":
        return this.#tableOfSubject(entry);
      case "DEFAULT":
      case "CONSTRAINT":
      case "CHECK CONSTRAINT":
      case "FK CONSTRAINT":
      case "ROW SECURITY":
        return this.#among(entry, (name) => startsWithAlter(entry.defn, name));
      case "INDEX":
        return this.#among(entry, (name) => onTable(entry.defn, name));
      case "INDEX ATTACH":
        return this.#tableOfAttachedIndex(entry);
      case "STATISTICS":
        return this.#among(entry, (name) => (entry.defn ?? "").includes(` FROM ${name};`));
      case "TRIGGER":
      case "RULE":
      case "POLICY":
        return this.#among(entry, (name) => (entry.dropStmt ?? "").endsWith(` ON ${name};\n`));
      default:
        return undefined;
    }
  }

  /** The one of the tables an entry depends on that its text names as its own. */
  #among(entry: TocEntry, isOwn: (qualifiedName: string) => boolean): number | undefined {
    return entry.dependencies.find((dependency) => {
      const table = this.tables.get(dependency);
      return table !== undefined && isOwn(table.qualifiedName);
    });
  }

  #tableOfSubject(entry: TocEntry): number | undefined {
    const subject = this.#byDumpId.get(entry.dependencies[0] ?? 0);
    return subject === undefined ? undefined : this.tableOf(subject);
  }

  /** The entry depends on the partition's index and its parent's; its tag is the partition's. */
  #tableOfAttachedIndex(entry: TocEntry): number | undefined {
    for (const dependency of entry.dependencies) {
      const index = this.#byDumpId.get(dependency);
      if (index === undefined || index.namespace !== entry.namespace) continue;
      const name = index.desc === "INDEX" ? index.tag : constraintName(index);
      if (name === entry.tag) return this.tableOf(index);
    }
    return undefined;
  }

  /** The table that a SEQUENCE (of an identity column) or SEQUENCE OWNED BY entry names. */
  #owningTable(entry: TocEntry): number | undefined {
    const defn = entry.defn ?? "";
    if (entry.desc === "SEQUENCE") return this.#among(entry, (name) => startsWithAlter(defn, name));
    const sequence = this.#byDumpId.get(entry.dependencies[0] ?? 0);
    const sequenceName = (sequence?.dropStmt ?? "").replace(/^DROP SEQUENCE /, "").replace(/;\n$/, "");
    const prefix = `ALTER SEQUENCE ${sequenceName} OWNED BY `;
    if (!defn.startsWith(prefix)) return undefined;
    // The sequence depends on the table that owns it (PostgreSQL: `getOwnedSeqs`).
    const column = defn.slice(prefix.length);
    return sequence && this.#among(sequence, (name) => column.startsWith(`${name}.`));
  }
}

function nameKey(namespace: string | null, name: string | null): string {
  return `${namespace ?? ""}\0${name ?? ""}`;
}

function startsWithAlter(defn: string | null, name: string): boolean {
  const text = defn ?? "";
  return ["ALTER TABLE ONLY ", "ALTER TABLE ", "ALTER FOREIGN TABLE ONLY ", "ALTER FOREIGN TABLE "].some((alter) =>
    text.startsWith(`${alter}${name}\n`) || text.startsWith(`${alter}${name} `)
  );
}

function onTable(defn: string | null, name: string): boolean {
  const text = defn ?? "";
  return text.includes(` ON ${name} USING `) || text.includes(` ON ONLY ${name} USING `);
}

function constraintName(entry: TocEntry): string | null {
  const match = /\n {4}ADD CONSTRAINT /.exec(entry.defn ?? "");
  if (match === null || entry.dropStmt === null) return null;
  const dropped = / DROP CONSTRAINT (.*);\n$/s.exec(entry.dropStmt)?.[1] ?? "";
  return dropped.startsWith('"') ? dropped.slice(1, -1).replaceAll('""', '"') : dropped;
}
