import type { Clock } from "../base/mod.ts";
import { MANIFEST_FILE, ROOT_FILES } from "../catalog/mod.ts";
import { checkFiles, readInscription } from "./check_folder.ts";
import { FindingList } from "./finding_list.ts";
import { folderFiles } from "./folder_files.ts";
import { ReadProgress, Verification } from "./verification.ts";
import { VerifyPool } from "./verify_pool.ts";
import type { VerifyReport } from "./verify_report.ts";

/** What verifying needs from outside. */
export interface VerifyDeps {
  readonly clock: Clock;
  /** The environment with `.env` merged in: where PostgreSQL's programs are. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Threads that read and hash; 0 does it in this one. Default: as many as the machine has, 8 at the most. */
  readonly workers?: number;
  /** Whether `pg_restore` reads the archives too, beside our own reader. Default true. */
  readonly pgRestore?: boolean;
  /**
   * Only hash these files, besides manifest and checksums; the others are only looked for. What any of them holds is
   * not looked at.
   */
  readonly hashOnly?: readonly string[];
  /** Told bytes read so far, and how many will be: archives are read twice. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Reads a backup back and compares everything with everything: files with the manifest and `SHA256SUMS`, archives to
 * their last byte, the rows of every table in each tier, definitions among the tiers. Nothing is written.
 *
 * A folder without a manifest is read as far as it can be, and the report says what could not be verified.
 *
 * @throws {PgstrataError} if the folder cannot be read at all
 */
export async function verifyBackup(folder: string, deps: VerifyDeps): Promise<VerifyReport> {
  const begun = deps.clock.monotonic();
  const list = new FindingList();
  const files = await folderFiles(folder);
  const inscription = await readInscription(folder, files, list);
  checkFiles(inscription, files, list);
  const only = deps.hashOnly === undefined ? null : new Set([...deps.hashOnly, MANIFEST_FILE, ROOT_FILES.checksums]);
  const plain = files.filter(({ kind, path }) => kind === "file" && (only?.has(path) ?? true));
  const bytes = plain.reduce((sum, file) => sum + file.bytes, 0);
  const progress = new ReadProgress(bytes, deps.onProgress);
  const workers = deps.workers ?? Math.max(1, Math.min(navigator.hardwareConcurrency, 8));
  using pool = new VerifyPool(workers, deps.signal, (read) => progress.add(read));
  const verification = new Verification(folder, inscription, plain, list, pool, progress, deps);
  const archives = await verification.run();
  deps.signal.throwIfAborted();
  return {
    good: list.all.every(({ severity }) => severity !== "damage"),
    findings: list.all.toSorted((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : 0),
    notVerified: list.notVerified,
    manifest: inscription.manifest,
    files: plain.length,
    bytes,
    archives,
    tables: list.rows.size,
    rows: [...list.rows.values()].reduce((sum, rows) => sum + rows, 0),
    duration: Math.round(deps.clock.monotonic() - begun),
  };
}
