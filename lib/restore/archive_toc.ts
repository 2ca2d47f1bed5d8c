import { readTocOf, type Toc, UnknownArchiveVersionError } from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";
import { fileStart } from "../system/mod.ts";

/**
 * The table of contents of a custom archive.
 *
 * @throws {PgstrataError} code `not_good` when it is damaged or missing, `tool` when its version is unknown
 */
export async function readArchiveToc(path: string): Promise<Toc> {
  const { size } = await Deno.stat(path).catch((cause) => {
    throw cause instanceof Deno.errors.NotFound ? missing(path, cause) : cause;
  });
  try {
    return (await readTocOf((length) => fileStart(path, length), size)).toc;
  } catch (error) {
    throw error instanceof UnknownArchiveVersionError ? unknownVersion(path, error) : error;
  }
}

function unknownVersion(path: string, cause: UnknownArchiveVersionError): PgstrataError {
  return new PgstrataError(`Cannot restore from ${path}: its version ${cause.version} is unknown here`, {
    code: "tool",
    cause,
    hint: "Update pgstrata, or restore with PostgreSQL's own pg_restore: it can do so alone.",
  });
}

function missing(path: string, cause: Error): PgstrataError {
  return new PgstrataError(`Cannot restore from ${path}: it is missing`, {
    code: "not_good",
    cause,
    hint:
      "Restore from other files of the backup: --tier schema or --tier table. Or bring the copy back: pgstrata pull.",
  });
}
