import { join } from "@std/path";
import type { TocEntry } from "../archive/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { ProcessError, runProcess, TempFolder } from "../system/mod.ts";

/** How an archive is restored by `pg_restore`. */
export interface RestoreArchiveOptions {
  readonly tools: ToolSet;
  /** Where to connect. */
  readonly environment: Readonly<Record<string, string>>;
  readonly database: string;
  readonly path: string;
  /** Parallel jobs; 1 for none. */
  readonly jobs: number;
  /** Only these entries; null is all. */
  readonly entries: readonly TocEntry[] | null;
  readonly args?: readonly string[];
  readonly signal: AbortSignal;
  /** Told each object that pg_restore begins with. */
  readonly onObject?: () => void;
}

/** An entry that `pg_restore` could not restore, with what the server said. */
export interface RestoreError {
  /** Null: not about one entry. */
  readonly dumpId: number | null;
  readonly message: string;
}

/** Most errors kept. */
const MOST_ERRORS = 10_000;

/**
 * Runs plain `pg_restore` into a database, to the end, whatever fails.
 *
 * @returns what failed, entry by entry
 * @throws {ProcessError} if pg_restore did not run to its end
 */
export async function restoreArchive(options: RestoreArchiveOptions): Promise<RestoreError[]> {
  await using folder = await TempFolder.create();
  const errors: RestoreError[] = [];
  let current: number | null = null;
  const args = [
    // Only verbose it names the entry an error is about.
    ...["--no-password", "--verbose", `--dbname=${options.database}`],
    ...(options.jobs > 1 ? [`--jobs=${options.jobs}`] : []),
    ...(options.args ?? []),
  ];
  if (options.entries !== null) {
    const list = join(folder.path, "list");
    await Deno.writeTextFile(list, options.entries.map(({ dumpId }) => `${dumpId};\n`).join(""), { mode: 0o600 });
    args.push(`--use-list=${list}`);
  }
  try {
    await runProcess({
      program: options.tools.program("pg_restore"),
      args: [...args, options.path],
      env: options.environment,
      signal: options.signal,
      onStderr: (line) => {
        // PostgreSQL: `restore_toc_entry` in src/bin/pg_dump/pg_backup_archiver.c.
        if (/^pg_restore: (?:creating|processing data for|executing) /.test(line)) options.onObject?.();
        // PostgreSQL: `warn_or_exit_horribly` in src/bin/pg_dump/pg_backup_archiver.c, under LC_ALL=C.
        const entry = /^pg_restore: (?:from|in) TOC entry (\d+);/.exec(line);
        if (entry !== null) current = Number(entry[1]);
        const error = /^pg_restore: error: (.*)$/.exec(line);
        if (error !== null && errors.length < MOST_ERRORS) errors.push({ dumpId: current, message: error[1] ?? "" });
      },
    });
  } catch (error) {
    // Status 1 with errors counted: it ran to the end, as it is meant to.
    if (!(error instanceof ProcessError) || error.status !== 1 || errors.length === 0) throw error;
    if (!/errors ignored on restore/.test(error.stderr)) throw error;
  }
  return errors;
}
