import { ArchiveTruncatedError, readToc, type Toc, UnknownArchiveVersionError } from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";

/** Bytes read at first; doubled until the table of contents is whole. */
const FIRST_READ = 256 * 1024;

/**
 * The table of contents of a custom archive.
 *
 * @throws {PgstrataError} code `not_good` when it is damaged, `tool` when its version is unknown
 */
export async function readArchiveToc(path: string): Promise<Toc> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  for (let length = Math.min(FIRST_READ, size);; length = Math.min(length * 2, size)) {
    const bytes = await readStart(file, length);
    try {
      return readToc(bytes).toc;
    } catch (error) {
      if (error instanceof UnknownArchiveVersionError) throw unknownVersion(path, error);
      if (!(error instanceof ArchiveTruncatedError) || length === size) throw error;
    }
  }
}

async function readStart(file: Deno.FsFile, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.seek(0, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    const read = await file.read(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

function unknownVersion(path: string, cause: UnknownArchiveVersionError): PgstrataError {
  return new PgstrataError(`Cannot restore from ${path}: its version ${cause.version} is unknown here`, {
    code: "tool",
    cause,
    hint: "Update pgstrata, or restore with PostgreSQL's own pg_restore: it can do so alone.",
  });
}
