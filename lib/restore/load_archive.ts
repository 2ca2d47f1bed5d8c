import { inLoadOrder, loadStages, type TocEntry } from "../archive/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { runProcess } from "../system/mod.ts";
import { restoreError } from "./restore_error.ts";
import { writeList } from "./restore_list.ts";

/** How an archive is loaded into a database by `pg_restore` itself. */
export interface LoadOptions {
  readonly tools: ToolSet;
  readonly environment: Readonly<Record<string, string>>;
  readonly database: string;
  readonly archive: string;
  /** What of it. */
  readonly entries: readonly TocEntry[];
  /** A private folder. */
  readonly folder: string;
  readonly jobs: number;
  readonly owners: boolean;
  readonly tablespaces: boolean;
  readonly signal: AbortSignal;
  readonly onItem: (text: string) => void;
  readonly onWarning: (message: string) => void;
}

/**
 * Loads entries of an archive into an empty database: in parallel, or with one job in a single transaction. It ends at
 * the first error.
 *
 * @throws {PgstrataError} what the server refused, with a hint
 */
export async function loadArchive(options: LoadOptions): Promise<void> {
  if (options.jobs === 1) return await loadOnce({ ...options, entries: inLoadOrder(options.entries) }, "load");
  for (const [index, { entries, alone }] of loadStages(options.entries).entries()) {
    await loadOnce({ ...options, entries, jobs: alone ? 1 : options.jobs }, `load-${index}`);
  }
}

async function loadOnce(options: LoadOptions, name: string): Promise<void> {
  const { tools, archive, jobs, onItem, onWarning } = options;
  const list = await writeList(options.folder, name, options.entries);
  const args = [
    "--no-password",
    "--verbose",
    "--exit-on-error",
    `--dbname=${connectionInfo(options.database)}`,
    jobs > 1 ? `--jobs=${jobs}` : "--single-transaction",
    `--use-list=${list}`,
    ...(options.owners ? [] : ["--no-owner"]),
    ...(options.tablespaces ? [] : ["--no-tablespaces"]),
    archive,
  ];
  try {
    await runProcess({
      program: tools.program("pg_restore"),
      args,
      env: options.environment,
      signal: options.signal,
      onStderr: (line) => {
        const warning = /^pg_restore: (?:while [^:]*: )?warning: (.*)$/.exec(line)?.[1];
        // PostgreSQL: `restore_toc_entry` in src/bin/pg_dump/pg_backup_archiver.c.
        const item = /^pg_restore: (?:creating|processing data for|executing) (.*)$/.exec(line)?.[1];
        if (warning !== undefined) onWarning(warning);
        else if (item !== undefined) onItem(item);
      },
    });
  } catch (error) {
    throw restoreError(error, "restore");
  }
}

/** A database's name as libpq takes it even if it looks like a connection string. */
export function connectionInfo(database: string): string {
  return `dbname='${database.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
