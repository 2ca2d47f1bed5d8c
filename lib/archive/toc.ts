import { ArchiveError, type ArchiveFinding, ArchiveTruncatedError } from "./archive_error.ts";
import { BinaryReader, NotUtf8Error } from "./binary_reader.ts";
import { BinaryWriter } from "./binary_writer.ts";
import { type ArchiveHeader, readHeader, writeHeader } from "./header.ts";
import { bytesCodec, type TextCodec, utf8Codec } from "./text_codec.ts";
import { readTocEntry, type TocEntry, writeTocEntry } from "./toc_entry.ts";

/** An archive's head and table of contents. */
export interface Toc {
  readonly header: ArchiveHeader;
  readonly entries: readonly TocEntry[];
  /** How its texts become bytes again. */
  readonly codec: TextCodec;
}

/** What {@linkcode readToc} found. */
export interface TocReading {
  readonly toc: Toc;
  /** Bytes of head and table of contents together: where the data of a custom archive begins. */
  readonly length: number;
  /** What can be read and should not be so. */
  readonly findings: readonly ArchiveFinding[];
}

/** The least bytes an entry can take: bounds the count before anything is allocated. */
const SMALLEST_ENTRY = 50;

/**
 * Reads `toc.dat` of a directory archive, or the beginning of a custom archive.
 *
 * @throws {ArchiveTruncatedError} if more bytes are needed
 * @throws {UnknownArchiveVersionError} if the version is not known
 * @throws {ArchiveError} if it is damaged, with the byte
 */
export function readToc(bytes: Uint8Array): TocReading {
  try {
    return read(bytes, utf8Codec);
  } catch (error) {
    if (error instanceof NotUtf8Error) return read(bytes, bytesCodec);
    throw error;
  }
}

/** Head and table of contents as bytes, in the format that the header names. */
export function writeToc(toc: Toc): Uint8Array {
  const writer = new BinaryWriter(toc.codec);
  writeHeader(writer, toc.header);
  writer.int(toc.entries.length);
  for (const entry of toc.entries) writeTocEntry(writer, toc.header, entry);
  return writer.bytes();
}

function read(bytes: Uint8Array, codec: TextCodec): TocReading {
  const reader = new BinaryReader(bytes);
  reader.codec = codec;
  const header = readHeader(reader);
  const countAt = reader.position;
  const count = reader.int("the number of entries");
  if (count < 0) throw new ArchiveError(`the number of entries is ${count}`, countAt);
  if (header.format === "directory" && count * SMALLEST_ENTRY > reader.left) {
    throw new ArchiveError(`the number of entries is ${count}, more than the file can hold`, countAt);
  }
  const entries: TocEntry[] = [];
  const offsets: number[] = [];
  for (let index = 0; index < count; index++) {
    offsets.push(reader.position);
    entries.push(readTocEntry(reader, header));
  }
  const findings = [...check(entries, offsets)];
  if (header.format === "directory" && reader.left > 0) {
    findings.push({ message: `${reader.left} bytes follow the table of contents`, offset: reader.position });
  }
  return { toc: { header, entries, codec }, length: reader.position, findings };
}

/** Bytes of a file read first; most tables of contents fit. */
const FIRST_READ = 1024 * 1024;

/**
 * Reads header and table of contents of a custom archive's file.
 *
 * @param readStart gives the first `length` bytes of the file
 * @param size of the file, bytes
 * @throws as {@linkcode readToc}
 */
export async function readTocOf(readStart: (length: number) => Promise<Uint8Array>, size: number): Promise<TocReading> {
  for (let wanted = FIRST_READ;; wanted *= 4) {
    const length = Math.min(wanted, size);
    const bytes = await readStart(length);
    try {
      return readToc(bytes);
    } catch (error) {
      if (!(error instanceof ArchiveTruncatedError) || bytes.length < length || length === size) throw error;
    }
  }
}

/** pg_dump writes dependencies on what it does not dump, such as members of extensions: they are no finding. */
function* check(entries: readonly TocEntry[], offsets: readonly number[]): Generator<ArchiveFinding> {
  const known = new Set<number>();
  for (const [index, entry] of entries.entries()) {
    const offset = offsets[index] ?? 0;
    if (known.has(entry.dumpId)) yield { message: `the dump id ${entry.dumpId} stands twice`, offset };
    known.add(entry.dumpId);
  }
}
