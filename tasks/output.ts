import { isNoRoom, PgstrataError } from "../lib/base/mod.ts";

/** Where text goes: a stream of the process, or a test's array. */
export interface Output {
  readonly isTerminal: boolean;
  /** Columns, at least 40; 80 where it is not a terminal or does not say. */
  columns(): number;
  /** Rows of the terminal; 24 where it does not say. */
  rows(): number;
  write(text: string): void;
  /** Why something could not be written; the rest was not, either. */
  failure?(): PgstrataError | null;
}

/**
 * Standard output or error of the process. Writing never throws: the disk of a log may be full, and the backup goes on.
 * A reader that has gone (`| head`) is no failure at all: the rest is not written.
 */
export function processOutput(stream: "stdout" | "stderr"): Output {
  const target = Deno[stream];
  const encoder = new TextEncoder();
  let open = true;
  let failure: PgstrataError | null = null;
  return {
    isTerminal: target.isTerminal(),
    columns: () => Math.max(40, consoleSize().columns || 80),
    rows: () => consoleSize().rows || 24,
    failure: () => failure,
    write(text: string): void {
      const bytes = encoder.encode(text);
      for (let written = 0; open && written < bytes.length;) {
        try {
          written += target.writeSync(bytes.subarray(written));
        } catch (error) {
          // A terminal that another program left non-blocking: try again.
          if (error instanceof Deno.errors.WouldBlock) continue;
          open = false;
          if (!(error instanceof Deno.errors.BrokenPipe)) failure = unwritable(error);
        }
      }
    },
  };
}

function unwritable(cause: unknown): PgstrataError {
  return new PgstrataError("Cannot print: the system refused", {
    code: isNoRoom(cause) ? "no_room" : "failed",
    cause,
    hint: "Everything else was done. Look where the output is sent (`>`), and whether there is room.",
  });
}

/** The terminal's size; zeros where there is no terminal, or one that does not say (as in some CI systems). */
function consoleSize(): { readonly columns: number; readonly rows: number } {
  try {
    return Deno.consoleSize();
  } catch {
    return { columns: 0, rows: 0 };
  }
}
