/** Where text goes: a stream of the process, or a test's array. */
export interface Output {
  readonly isTerminal: boolean;
  /** Columns, at least 40; 80 where it is not a terminal or does not say. */
  columns(): number;
  /** Rows of the terminal; 24 where it does not say. */
  rows(): number;
  write(text: string): void;
}

/**
 * Standard output or error of the process. A reader that has gone (`| head`) is not an error:
 * the rest is not written.
 */
export function processOutput(stream: "stdout" | "stderr"): Output {
  const target = Deno[stream];
  const encoder = new TextEncoder();
  let open = true;
  return {
    isTerminal: target.isTerminal(),
    columns: () => Math.max(40, consoleSize().columns || 80),
    rows: () => consoleSize().rows || 24,
    write(text: string): void {
      const bytes = encoder.encode(text);
      for (let written = 0; open && written < bytes.length;) {
        try {
          written += target.writeSync(bytes.subarray(written));
        } catch (error) {
          // A terminal that another program left non-blocking: try again.
          if (error instanceof Deno.errors.WouldBlock) continue;
          if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
          open = false;
        }
      }
    },
  };
}

/** The terminal's size; zeros where there is no terminal, or one that does not say (as in some CI systems). */
function consoleSize(): { readonly columns: number; readonly rows: number } {
  try {
    return Deno.consoleSize();
  } catch {
    return { columns: 0, rows: 0 };
  }
}
