import { ArchiveError } from "./archive_error.ts";
import type { BinaryReader } from "./binary_reader.ts";
import type { BinaryWriter } from "./binary_writer.ts";

/** How an archive holds its data. */
export type ArchiveFormat = "custom" | "tar" | "directory";

/** How the data of an archive is compressed. */
export type CompressionAlgorithm = "none" | "gzip" | "lz4" | "zstd";

/** Minor versions of the format 1.x that this room reads and writes: 1.14 (clients 12 – 15), 1.15 (16), 1.16 (17, 18). */
export const KNOWN_MINOR_VERSIONS: readonly number[] = [14, 15, 16];

/** The head of an archive (PostgreSQL: `WriteHead`, `ReadHead` in src/bin/pg_dump/pg_backup_archiver.c). */
export interface ArchiveHeader {
  /** The 16 of version 1.16. */
  readonly minor: number;
  readonly revision: number;
  readonly format: ArchiveFormat;
  readonly compression: CompressionAlgorithm;
  /** The level 1.14 records beside gzip; -1 is the default. */
  readonly level: number;
  /** Local time of the dump: sec, min, hour, day, month 0-11, year-1900, isdst. */
  readonly time: readonly number[];
  readonly database: string | null;
  readonly serverVersion: string | null;
  readonly clientVersion: string | null;
}

const MAGIC = "PGDMP";
const FORMATS: Readonly<Record<number, ArchiveFormat>> = { 1: "custom", 3: "tar", 5: "directory" };
const ALGORITHMS: readonly CompressionAlgorithm[] = ["none", "gzip", "lz4", "zstd"];

/** The archive is of a version this room does not know; `--engine pg_dump` does not need to. */
export class UnknownArchiveVersionError extends ArchiveError {
  constructor(readonly version: string) {
    super(`its version ${version} is unknown (known: 1.14 to 1.16)`, 5);
  }
}

/** Text of the version, such as `1.16`. */
export function archiveVersion(header: ArchiveHeader): string {
  return `1.${header.minor}`;
}

/**
 * Reads the head and sets the reader's int and offset sizes.
 *
 * @throws {UnknownArchiveVersionError} if the version is not known
 * @throws {ArchiveError} on anything that is no archive
 */
export function readHeader(reader: BinaryReader): ArchiveHeader {
  const magic = String.fromCharCode(...reader.raw(MAGIC.length, "the magic string"));
  if (magic !== MAGIC) throw new ArchiveError(`it begins with "${magic.replaceAll(/[^ -~]/g, "?")}", not PGDMP`, 0);
  const major = reader.byte("the version");
  const minor = reader.byte("the version");
  const revision = reader.byte("the version");
  if (major !== 1 || !KNOWN_MINOR_VERSIONS.includes(minor)) throw new UnknownArchiveVersionError(`${major}.${minor}`);
  reader.intSize = size(reader, "the size of ints", 4);
  reader.offSize = size(reader, "the size of offsets", 8);
  const at = reader.position;
  const format = FORMATS[reader.byte("the format")];
  if (format === undefined) throw new ArchiveError("its format is unknown", at);
  const { compression, level } = readCompression(reader, minor);
  const time = Array.from({ length: 7 }, () => reader.int("the time"));
  return {
    minor,
    revision,
    format: realFormat(format),
    compression,
    level,
    time,
    database: reader.string("the database name"),
    serverVersion: reader.string("the server version"),
    clientVersion: reader.string("the client version"),
  };
}

/** Writes the head. `toc.dat` of a directory says `tar`: pg_dump writes it through the tar format's code. */
export function writeHeader(writer: BinaryWriter, header: ArchiveHeader): void {
  for (const char of MAGIC) writer.byte(char.charCodeAt(0));
  writer.byte(1);
  writer.byte(header.minor);
  writer.byte(header.revision);
  writer.byte(4);
  writer.byte(8);
  writer.byte(header.format === "custom" ? 1 : 3);
  if (header.minor >= 15) writer.byte(ALGORITHMS.indexOf(header.compression));
  else writer.int(header.compression === "none" ? 0 : header.level);
  for (const part of header.time) writer.int(part);
  writer.string(header.database);
  writer.string(header.serverVersion);
  writer.string(header.clientVersion);
}

function realFormat(format: ArchiveFormat): ArchiveFormat {
  return format === "tar" ? "directory" : format;
}

function size(reader: BinaryReader, what: string, largest: number): number {
  const at = reader.position;
  const value = reader.byte(what);
  if (value < 1 || value > largest) throw new ArchiveError(`${what} is ${value}`, at);
  return value;
}

function readCompression(
  reader: BinaryReader,
  minor: number,
): { readonly compression: CompressionAlgorithm; readonly level: number } {
  const at = reader.position;
  if (minor < 15) {
    const level = reader.int("the compression level");
    if (level < -1 || level > 9) throw new ArchiveError(`its compression level is ${level}`, at);
    return { compression: level === 0 ? "none" : "gzip", level };
  }
  const compression = ALGORITHMS[reader.byte("the compression algorithm")];
  if (compression === undefined) throw new ArchiveError("its compression algorithm is unknown", at);
  return { compression, level: -1 };
}
