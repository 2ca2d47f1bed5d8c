import { BinaryReader } from "./binary_reader.ts";
import { readHeader } from "./header.ts";
import { bytesCodec } from "./text_codec.ts";

/** Bytes before the compression field: magic, version, sizes, format. */
const BEFORE_COMPRESSION = 11;

/**
 * Where the time of the dump stands in an archive: the one thing in which two archives of the same content differ.
 * (Seven ints of local time; PostgreSQL: `WriteHead` in src/bin/pg_dump/pg_backup_archiver.c.)
 *
 * @param head the beginning of an archive, the whole header in it
 * @throws {ArchiveError} when it is none, or of a version we do not know
 */
export function archiveTimeSpan(head: Uint8Array): { readonly start: number; readonly end: number } {
  const reader = new BinaryReader(head);
  reader.codec = bytesCodec;
  const { minor } = readHeader(reader);
  const int = 1 + reader.intSize;
  const start = BEFORE_COMPRESSION + (minor < 15 ? int : 1);
  return { start, end: start + 7 * int };
}
