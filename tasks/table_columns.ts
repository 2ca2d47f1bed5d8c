import type { Console } from "./console.ts";

/** Columns of a table that goes to a file or another program: nothing is left out. */
const UNLIMITED = 10_000;

/** Columns of text that goes there: lines that can be read. */
const READABLE = 120;

/** Columns a table of results may have. */
export function tableColumns({ stdout }: Console): number {
  return stdout.isTerminal ? stdout.columns() : UNLIMITED;
}

/** Columns a text of results may have. */
export function textColumns({ stdout }: Console): number {
  return stdout.isTerminal ? stdout.columns() : READABLE;
}
