import { EntrySqlWriter, objectOf } from "./entry_sql.ts";
import { inRestoreOrder, scriptHead } from "./sql_script.ts";
import type { TableEntries } from "./table_entries.ts";
import type { Toc } from "./toc.ts";
import type { TocEntry } from "./toc_entry.ts";

/** The definition files of one table. */
export interface TableDefinitionSql {
  /** `schema.sql`: the table and all that can stand without other tables. */
  readonly schema: string;
  /** `constraints.sql`: what ties it to other tables; null where nothing does. */
  readonly constraints: string | null;
  /** What schema.sql needs and does not hold, such as `TYPE app.mood`. */
  readonly needs: readonly string[];
}

/** What stands around the COPY data in `data.sql`. */
export interface TableDataSql {
  /** Up to and with the COPY statement. */
  readonly head: string;
  /** Values of the sequences the table owns. */
  readonly tail: string;
}

/** Kinds that tie a table to others, or act on them. */
const TYING_KINDS: ReadonlySet<string> = new Set([
  "CHECK CONSTRAINT",
  "FK CONSTRAINT",
  "TRIGGER",
  "RULE",
  "TABLE ATTACH",
  "INDEX ATTACH",
]);

/** Kinds that other relations are known by in dependencies. */
const RELATION_KINDS: ReadonlySet<string> = new Set([
  "TABLE",
  "FOREIGN TABLE",
  "VIEW",
  "MATERIALIZED VIEW",
  "SEQUENCE",
]);

/** Writes the readable files of tables of one archive. */
export class TableSqlWriter {
  readonly #byDumpId: ReadonlyMap<number, TocEntry>;
  readonly #positions: ReadonlyMap<number, number>;
  /** How many partitions each partitioned table has, by qualified name, and how many parts each index, by dumpId. */
  readonly #partitions = new Counts<string>();
  readonly #parts = new Counts<number>();

  constructor(private readonly toc: Toc) {
    this.#byDumpId = new Map(toc.entries.map((entry) => [entry.dumpId, entry]));
    this.#positions = new Map(toc.entries.map((entry, index) => [entry.dumpId, index]));
    for (const entry of toc.entries) {
      if (entry.desc === "INDEX ATTACH") this.#countPart(entry);
      else this.#partitions.add(attachedTo(entry)?.parent);
    }
  }

  /** The definition of one table. `schema.sql` and `data.sql` load alone, in this order, where its needs are met. */
  writeDefinition(table: TableEntries): TableDefinitionSql {
    const tying = this.#tying(table);
    const { create, attach } = this.#splitAttach(table);
    const standing = table.definitions.filter((entry) => !tying.has(entry) && entry !== table.table);
    const own = inRestoreOrder([create, ...standing]);
    const others = inRestoreOrder([...attach, ...table.definitions.filter((entry) => tying.has(entry))]);
    const members = new Set([...table.definitions, ...table.sequenceValues].map((entry) => entry.dumpId));
    const needs = this.#needs(own, members);
    return {
      schema: this.#script(`Table ${table.qualifiedName}`, own, needs),
      constraints: others.length === 0
        ? null
        : this.#script(`What ties table ${table.qualifiedName} to others`, others, this.#needs(others, members)),
      needs,
    };
  }

  /** Head and tail of a table's `data.sql`. A table without rows of its own gets a script without COPY. */
  writeData(table: TableEntries): TableDataSql {
    const head = scriptHead(this.toc, oneLine(`Rows of table ${table.qualifiedName}`));
    return {
      head: table.data === null ? head : head + this.#copyHead(table.data),
      tail: this.#definitions(table.sequenceValues),
    };
  }

  /** Sequences that no table owns, with their values. */
  writeSequences(entries: readonly TocEntry[]): string {
    return scriptHead(this.toc, "Sequences that no table owns") + this.#definitions(inRestoreOrder(entries));
  }

  /** Head of the data file of rows whose table the archive does not define. */
  writeLooseData(data: TocEntry): TableDataSql {
    return { head: scriptHead(this.toc, "Rows whose table is not defined here") + this.#copyHead(data), tail: "" };
  }

  #script(title: string, entries: readonly TocEntry[], needs: readonly string[]): string {
    const comment = needs.length === 0 ? "" : `-- Needs, not in this file:\n${needs.map(needLine).join("")}\n`;
    return scriptHead(this.toc, oneLine(title)) + comment + this.#definitions(entries);
  }

  #definitions(entries: readonly TocEntry[]): string {
    const writer = new EntrySqlWriter(this.toc.header);
    return entries.map((entry) => writer.definition(entry)).join("");
  }

  #copyHead(data: TocEntry): string {
    return new EntrySqlWriter(this.toc.header).copyHead(data);
  }

  /**
   * pg_dump 13 attaches a partition in the TABLE entry itself; later ones have an entry for it. The statement is the
   * entry's last, so that it can be taken off without reading what stands before.
   */
  #splitAttach(table: TableEntries): { readonly create: TocEntry; readonly attach: readonly TocEntry[] } {
    const attached = attachedTo(table.table);
    if (attached === null) return { create: table.table, attach: [] };
    const { at, statement } = attached;
    const defn = table.table.defn ?? "";
    const parent = `TABLE ${attached.parent}`;
    const dependencies = table.table.dependencies.filter((dumpId) => {
      const entry = this.#byDumpId.get(dumpId);
      return entry === undefined || objectOf(entry) !== parent;
    });
    return {
      create: { ...table.table, defn: defn.slice(0, at), dependencies },
      attach: [{ ...table.table, desc: "TABLE ATTACH", defn: statement, dropStmt: null }],
    };
  }

  /** Entries that need another relation, or an entry that does. The table itself never ties. */
  #tying(table: TableEntries): ReadonlySet<TocEntry> {
    const own = new Set(table.definitions.map((entry) => entry.dumpId));
    const tying = new Set<TocEntry>();
    for (const entry of table.definitions) {
      const ties = TYING_KINDS.has(entry.desc) || isUnproven(entry) || this.#isIncomplete(entry, table) ||
        (entry.section !== "pre-data" && entry.dependencies.some((dependency) => {
          const other = this.#byDumpId.get(dependency);
          if (other === undefined) return false;
          return tying.has(other) || (RELATION_KINDS.has(other.desc) && !own.has(dependency));
        }));
      if (ties) tying.add(entry);
    }
    return tying;
  }

  /**
   * An index ON ONLY a partitioned table that some partition has no part of: where it stands before partitions are
   * attached, PostgreSQL gives each a new index (`AttachPartitionEnsureIndexes`).
   */
  #isIncomplete(entry: TocEntry, { qualifiedName }: TableEntries): boolean {
    if (entry.desc !== "INDEX" || !(entry.defn ?? "").includes(` ON ONLY ${qualifiedName} USING `)) return false;
    return this.#parts.of(entry.dumpId) < this.#partitions.of(qualifiedName);
  }

  /** The entry depends on the partition's index, which it is named after, and on its parent's. */
  #countPart({ dependencies, namespace, tag }: TocEntry): void {
    for (const dumpId of dependencies) {
      const index = this.#byDumpId.get(dumpId);
      if (index?.desc === "INDEX" && (index.namespace !== namespace || index.tag !== tag)) this.#parts.add(dumpId);
    }
  }

  /** What entries depend on outside the table, directly or through what they need. */
  #needs(entries: readonly TocEntry[], members: ReadonlySet<number>): string[] {
    const seen = new Set<number>();
    const visit = (dependencies: readonly number[]): void => {
      for (const dumpId of dependencies) {
        if (members.has(dumpId) || seen.has(dumpId)) continue;
        seen.add(dumpId);
        visit(this.#byDumpId.get(dumpId)?.dependencies ?? []);
      }
    };
    for (const entry of entries) {
      // A partition's index depends on its parent's in the archive, and can be made without it.
      visit(entry.dependencies.filter((dumpId) => !(isIndex(entry) && isIndex(this.#byDumpId.get(dumpId)))));
    }
    return [...seen]
      .sort((a, b) => (this.#positions.get(a) ?? 0) - (this.#positions.get(b) ?? 0))
      .flatMap((dumpId) => {
        const entry = this.#byDumpId.get(dumpId);
        return entry === undefined ? [] : [describeEntry(entry)];
      });
  }
}

/** The partitioned table that a table is a partition of, by qualified name; null if it is none. */
export function partitionedParent({ table, definitions }: TableEntries): string | null {
  for (const entry of [table, ...definitions]) {
    const parent = attachedTo(entry)?.parent;
    if (parent !== undefined) return parent;
  }
  return null;
}

/** The partitioned table that an entry's last statement attaches a table to; `at`: where the statement begins. */
function attachedTo(
  entry: TocEntry,
): { readonly parent: string; readonly statement: string; readonly at: number } | null {
  if (!["TABLE", "FOREIGN TABLE", "TABLE ATTACH"].includes(entry.desc)) return null;
  const alter = "ALTER TABLE ONLY ";
  const defn = entry.defn ?? "";
  const at = `\n${defn}`.lastIndexOf(`\n${alter}`);
  if (at === -1) return null;
  const statement = defn.slice(at);
  // A table's own text may hold anything: only the statement that attaches this table counts.
  const partition = entry.desc === "TABLE ATTACH" ? "" : `${objectOf(entry).replace(/^(?:FOREIGN )?TABLE /, "")} `;
  const end = statement.indexOf(` ATTACH PARTITION ${partition}`);
  return end === -1 ? null : { parent: statement.slice(alter.length, end), statement, at };
}

class Counts<K> {
  readonly #counts = new Map<K, number>();

  add(key: K | undefined): void {
    if (key !== undefined) this.#counts.set(key, this.of(key) + 1);
  }

  of(key: K): number {
    return this.#counts.get(key) ?? 0;
  }
}

/** An object as `KIND schema.name`: how {@linkcode TableDefinitionSql} names what a table needs. */
export function describeEntry(entry: TocEntry): string {
  const object = objectOf(entry);
  if (object !== "" && !object.startsWith("ALTER ")) return object;
  return [entry.desc, [entry.namespace, entry.tag].filter((part) => part).join(".")].join(" ");
}

/** A NOT NULL that the rows need not meet (18 and newer): it must not be there before them. */
function isUnproven({ desc, defn }: TocEntry): boolean {
  return desc === "CONSTRAINT" && /\bNOT NULL .* NOT VALID;\s*$/s.test(defn ?? "");
}

function isIndex(entry: TocEntry | undefined): boolean {
  return entry?.desc === "INDEX" || entry?.desc === "CONSTRAINT";
}

function needLine(need: string): string {
  return `--   ${oneLine(need)}\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, " ");
}
