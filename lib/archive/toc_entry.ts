import { ArchiveError } from "./archive_error.ts";
import type { BinaryReader } from "./binary_reader.ts";
import type { BinaryWriter } from "./binary_writer.ts";
import type { ArchiveHeader } from "./header.ts";

/** When an entry is restored (PostgreSQL: `teSection` in src/bin/pg_dump/pg_backup.h). */
export type Section = "none" | "pre-data" | "data" | "post-data";

/** One object of an archive's table of contents; texts in the archive's encoding, NULL apart from "". */
export interface TocEntry {
  readonly dumpId: number;
  readonly hasData: boolean;
  /** OIDs of the catalog table and the row in it; "0" where there is none. */
  readonly tableoid: string;
  readonly oid: string;
  /** Name, by kind with the table's name before it. */
  readonly tag: string | null;
  /** Kind of object, such as `TABLE` or `FK CONSTRAINT`. */
  readonly desc: string;
  readonly section: Section;
  readonly defn: string | null;
  readonly dropStmt: string | null;
  readonly copyStmt: string | null;
  readonly namespace: string | null;
  readonly tablespace: string | null;
  readonly tableam: string | null;
  /** `pg_class.relkind` as a character code, from 1.16 on; else 0. */
  readonly relkind: number;
  readonly owner: string | null;
  /** dumpIds that must be restored before. */
  readonly dependencies: readonly number[];
  /** File of a directory archive that holds the data. */
  readonly fileName: string | null;
  /** Where a custom archive holds the data, in bytes. */
  readonly dataOffset: { readonly state: 1 | 2 | 3; readonly position: number } | null;
}

const SECTIONS: readonly Section[] = ["none", "pre-data", "data", "post-data"];
/** pg_dump's own limit for what it writes is far below; more is damage. */
const MOST_DEPENDENCIES = 1_000_000;

/** Reads one entry (PostgreSQL: `ReadToc`). */
export function readTocEntry(reader: BinaryReader, header: ArchiveHeader): TocEntry {
  const at = reader.position;
  const dumpId = reader.int("a dump id");
  if (dumpId <= 0) throw new ArchiveError(`a dump id is ${dumpId}`, at);
  const hasData = reader.int("an entry's data flag") !== 0;
  const tableoid = number(reader, "an entry's table oid");
  const oid = number(reader, "an entry's oid");
  const tag = reader.string("an entry's tag");
  const descAt = reader.position;
  const desc = reader.string("an entry's kind");
  if (desc === null) throw new ArchiveError("an entry has no kind", descAt);
  const sectionAt = reader.position;
  const section = SECTIONS[reader.int("an entry's section") - 1];
  if (section === undefined) throw new ArchiveError("an entry's section is unknown", sectionAt);
  const defn = reader.string("an entry's definition");
  const dropStmt = reader.string("an entry's drop statement");
  const copyStmt = reader.string("an entry's copy statement");
  const namespace = reader.string("an entry's schema");
  const tablespace = reader.string("an entry's tablespace");
  const tableam = reader.string("an entry's access method");
  const relkind = header.minor >= 16 ? reader.int("an entry's relkind") : 0;
  const owner = reader.string("an entry's owner");
  reader.string("an entry's oids flag");
  const dependencies = readDependencies(reader);
  const directory = header.format !== "custom";
  const fileName = directory ? reader.string("an entry's file name") : null;
  const dataOffset = directory ? null : reader.offset("an entry's data offset");
  return {
    dumpId,
    hasData,
    tableoid,
    oid,
    tag,
    desc,
    section,
    defn,
    dropStmt,
    copyStmt,
    namespace,
    tablespace,
    tableam,
    relkind,
    owner,
    dependencies,
    fileName: fileName === "" ? null : fileName,
    dataOffset,
  };
}

/** Writes one entry (PostgreSQL: `WriteToc`). */
export function writeTocEntry(writer: BinaryWriter, header: ArchiveHeader, entry: TocEntry): void {
  writer.int(entry.dumpId);
  writer.int(entry.hasData ? 1 : 0);
  writer.string(entry.tableoid);
  writer.string(entry.oid);
  writer.string(entry.tag);
  writer.string(entry.desc);
  writer.int(SECTIONS.indexOf(entry.section) + 1);
  writer.string(entry.defn);
  writer.string(entry.dropStmt);
  writer.string(entry.copyStmt);
  writer.string(entry.namespace);
  writer.string(entry.tablespace);
  writer.string(entry.tableam);
  if (header.minor >= 16) writer.int(entry.relkind);
  writer.string(entry.owner);
  writer.string("false");
  for (const dependency of entry.dependencies) writer.string(String(dependency));
  writer.string(null);
  if (header.format === "custom") writer.offset(entry.dataOffset?.state ?? 3, entry.dataOffset?.position ?? 0);
  else writer.string(entry.fileName ?? "");
}

function number(reader: BinaryReader, what: string): string {
  const at = reader.position;
  const text = reader.string(what);
  if (text === null || !/^\d{1,10}$/.test(text)) throw new ArchiveError(`${what} is not a number`, at);
  return text;
}

function readDependencies(reader: BinaryReader): number[] {
  const dependencies: number[] = [];
  for (;;) {
    const at = reader.position;
    const text = reader.string("an entry's dependency");
    if (text === null) return dependencies;
    if (!/^\d{1,10}$/.test(text)) throw new ArchiveError("an entry's dependency is not a number", at);
    dependencies.push(Number(text));
    if (dependencies.length > MOST_DEPENDENCIES) throw new ArchiveError("an entry has too many dependencies", at);
  }
}
