import { createHash } from "node:crypto";
import { ArchiveError, CopyScript, type Toc } from "../archive/mod.ts";
import { type CopyContent, CopyDigest } from "./copy_digest.ts";
import { type ArchiveScan, scanArchive } from "./scan_archive.ts";

/** Bytes of one read. */
const READ = 1024 * 1024;

/** Work on files that is done in a worker. */
export type VerifyJob =
  /** Hash files. */
  | { readonly type: "hash"; readonly paths: readonly string[] }
  /** Hash a `data.sql` and the rows in it. */
  | { readonly type: "data"; readonly path: string }
  /** Read an archive to its end, with its rows or only its frame and blocks. */
  | { readonly type: "archive"; readonly path: string; readonly pgRestore: string | null; readonly rows: boolean };

/** A hashed file. */
export interface HashedFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** A `data.sql` that was read. */
export interface DataFile extends HashedFile {
  /** Null if there is no COPY statement. */
  readonly rows: CopyContent | null;
  /** One character per byte. */
  readonly copyStatement: string | null;
  readonly error: { readonly message: string; readonly offset: number } | null;
}

/** An archive that was read; `codec` names the table of contents' codec, which cannot be sent. */
export interface ScannedArchive extends Omit<ArchiveScan, "toc"> {
  readonly toc: Omit<Toc, "codec"> & { readonly codec: Toc["codec"]["name"] } | null;
}

/** The result of each kind of job. */
export interface VerifyResults {
  readonly hash: readonly HashedFile[];
  readonly data: DataFile;
  readonly archive: ScannedArchive;
}

/** What a worker answers. */
export type VerifyMessage =
  | { readonly type: "progress"; readonly bytes: number }
  | { readonly type: "done"; readonly result: VerifyResults[VerifyJob["type"]] }
  | { readonly type: "failed"; readonly message: string };

/**
 * Does a job. Reads block: it is for workers, or for small files.
 *
 * @param onProgress told bytes read since the last call
 */
export async function runVerifyJob(
  job: VerifyJob,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<VerifyResults[VerifyJob["type"]]> {
  switch (job.type) {
    case "hash":
      return job.paths.map((path) => hashAll(path, () => {}, onProgress));
    case "data":
      return readData(job.path, onProgress);
    case "archive": {
      const scan = await scanArchive(job.path, { pgRestore: job.pgRestore, rows: job.rows, signal });
      return { ...scan, toc: scan.toc === null ? null : { ...scan.toc, codec: scan.toc.codec.name } };
    }
  }
}

function readData(path: string, onProgress: (bytes: number) => void): DataFile {
  const digest = new CopyDigest(false);
  const script = new CopyScript((bytes) => digest.push(bytes));
  let error: DataFile["error"] = null;
  const attempt = (work: () => void) => {
    if (error !== null) return;
    try {
      work();
    } catch (thrown) {
      if (!(thrown instanceof ArchiveError)) throw thrown;
      error = { message: thrown.message, offset: thrown.offset };
    }
  };
  const hashed = hashAll(path, (piece) => attempt(() => script.push(piece)), onProgress);
  attempt(() => script.end());
  const { copyStatement } = script;
  return { ...hashed, rows: copyStatement === null ? null : digest.end(), copyStatement, error };
}

const buffer = new Uint8Array(READ);

function hashAll(path: string, onPiece: (bytes: Uint8Array) => void, onProgress: (bytes: number) => void): HashedFile {
  const hash = createHash("sha256");
  let bytes = 0;
  using file = Deno.openSync(path);
  for (let read = file.readSync(buffer); read !== null; read = file.readSync(buffer)) {
    const piece = buffer.subarray(0, read);
    hash.update(piece);
    onPiece(piece);
    bytes += read;
    onProgress(read);
  }
  return { bytes, sha256: hash.digest("hex") };
}
