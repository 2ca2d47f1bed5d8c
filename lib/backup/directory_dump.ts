import { join } from "@std/path";
import { readToc, type Toc, type TocEntry } from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";
import { type DumpContent, dumpError, pgDumpArguments, readDumpLine, type ToolSet } from "../postgres/mod.ts";
import { runProcess } from "../system/mod.ts";

/** What one parallel read of a database needs. */
export interface DirectoryDumpOptions {
  readonly tools: ToolSet;
  readonly environment: Readonly<Record<string, string>>;
  readonly content: DumpContent;
  readonly snapshot: string;
  readonly lockWaitTimeout: number;
  readonly jobs: number;
  /** Where the raw files go; must not exist. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Told while the dump runs; all before {@linkcode dumpDirectory} resolves. */
export interface DirectoryDumpHandlers {
  /** Once, before any data: pg_dump writes `toc.dat` and closes it first. */
  readonly onToc: (toc: Toc) => void;
  /** The raw file of this entry is complete. */
  readonly onComplete: (entry: TocEntry) => void;
  readonly onWarning: (message: string) => void;
}

/**
 * Runs `pg_dump --format=directory --compress=0`, telling when which raw file is complete.
 *
 * @throws {UnknownArchiveVersionError} as soon as the table of contents shows it; pg_dump has ended by then
 * @throws {TableLockedError} if a table was locked by others; {@linkcode dumpError} for all the rest
 */
export async function dumpDirectory(options: DirectoryDumpOptions, handlers: DirectoryDumpHandlers): Promise<void> {
  const stop = new AbortController();
  const watch = new DumpWatch(options, handlers);
  try {
    await runProcess({
      program: options.tools.program("pg_dump"),
      args: pgDumpArguments(options.tools, options.content, {
        snapshot: options.snapshot,
        lockWaitTimeout: options.lockWaitTimeout,
        output: { format: "directory", path: options.folder, jobs: options.jobs },
      }),
      env: options.environment,
      signal: AbortSignal.any([options.signal, stop.signal]),
      onStderr: (line) => {
        if (stop.signal.aborted) return;
        try {
          watch.line(line);
        } catch (error) {
          stop.abort(error);
        }
      },
    });
  } catch (error) {
    throw dumpError(error);
  }
  watch.end();
}

/** Follows a dump by its messages and files. */
class DumpWatch {
  /** Entries with data, in archive order; null until the table of contents is there. */
  #waiting: Map<number, TocEntry> | null = null;

  constructor(private readonly options: DirectoryDumpOptions, private readonly handlers: DirectoryDumpHandlers) {}

  line(text: string): void {
    const line = readDumpLine(text);
    switch (line.type) {
      case "warning":
        return this.handlers.onWarning(line.message);
      case "dumping":
        // With one job nothing says that a file is complete, but the next one begins only then.
        return this.options.jobs === 1 ? this.#completeUpToNewest() : void this.#entries();
      case "finished":
        return this.#complete(line.dumpId);
      case "other":
        return;
    }
  }

  /** The dump has ended well: all is complete. */
  end(): void {
    for (const dumpId of [...this.#entries().keys()]) this.#complete(dumpId);
  }

  #complete(dumpId: number): void {
    const entry = this.#entries().get(dumpId);
    if (entry === undefined) return;
    this.#entries().delete(dumpId);
    this.handlers.onComplete(entry);
  }

  #completeUpToNewest(): void {
    for (;;) {
      const [oldest, next] = this.#entries().values().take(2);
      if (oldest === undefined || next === undefined || !this.#exists(next)) return;
      this.#complete(oldest.dumpId);
    }
  }

  #exists(entry: TocEntry): boolean {
    try {
      Deno.statSync(join(this.options.folder, entry.fileName ?? ""));
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  #entries(): Map<number, TocEntry> {
    if (this.#waiting !== null) return this.#waiting;
    const { toc } = readToc(Deno.readFileSync(join(this.options.folder, "toc.dat")));
    this.#waiting = new Map();
    for (const entry of toc.entries) {
      if (!entry.hasData) continue;
      if (entry.fileName === null) {
        throw new PgstrataError(`Cannot read the dump: entry ${entry.dumpId} has data and no file`);
      }
      this.#waiting.set(entry.dumpId, entry);
    }
    this.handlers.onToc(toc);
    return this.#waiting;
  }
}
