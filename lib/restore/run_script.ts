import type { ToolSet } from "../postgres/mod.ts";
import { runProcess } from "../system/mod.ts";
import { requireRestrict } from "./choose_restore_tools.ts";
import { connectionInfo } from "./load_archive.ts";
import { restoreError } from "./restore_error.ts";
import type { ScriptPart } from "./script_part.ts";
import { type ScriptOptions, scriptStream, TRANSACTION } from "./script_stream.ts";
import type { OpenTransaction } from "./transaction_fate.ts";

/** How a script is run. */
export interface RunScriptOptions extends ScriptOptions {
  readonly psql: ToolSet;
  readonly environment: Readonly<Record<string, string>>;
  readonly database: string;
  readonly onWarning: (message: string) => void;
  /** Told who works, as soon as the transaction is open. */
  readonly onTransaction: (transaction: OpenTransaction) => void;
}

const OPENED = new RegExp(`^${TRANSACTION} (\\d+) (\\d+)$`);

/**
 * Runs all pieces with psql in one transaction: either all of it has happened afterwards, or nothing.
 *
 * @throws {PgstrataError} what the server refused, with a hint; nothing was changed, unless COMMIT was on its way
 */
export async function runScript(parts: readonly ScriptPart[], options: RunScriptOptions): Promise<void> {
  requireRestrict(options.psql);
  const failure: { error: unknown } = { error: undefined };
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const source = scriptStream(parts, { ...options, signal });
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      failure.error = error;
      throw error;
    }
  };
  try {
    await runProcess({
      program: options.psql.program("psql"),
      args: [
        "--no-psqlrc",
        "--no-password",
        "--quiet",
        "--tuples-only",
        "--set=ON_ERROR_STOP=1",
        `--dbname=${connectionInfo(options.database)}`,
        "--file=-",
      ],
      env: options.environment,
      signal: options.signal,
      stdin: ReadableStream.from(watched()),
      onStderr: (line) => {
        const warning = /^psql:[^:]*:\d+: WARNING: +(.*)$/.exec(line)?.[1];
        if (warning !== undefined) options.onWarning(warning);
        const [, pid, id] = OPENED.exec(line) ?? [];
        if (id !== undefined) options.onTransaction({ pid: Number(pid), id });
      },
    });
  } catch (error) {
    options.signal.throwIfAborted();
    throw restoreError(failure.error ?? error, "restore");
  } finally {
    ended.abort(new Error("psql has ended"));
  }
  // psql ends well when its input ends: a source that broke off has to be an error, though nothing was committed.
  if (failure.error !== undefined) throw restoreError(failure.error, "restore");
}
