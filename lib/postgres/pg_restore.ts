import { processText, runProcess } from "../system/mod.ts";
import type { ToolSet } from "./tool_set.ts";

/** A line of `pg_restore --list`. */
export interface ListedEntry {
  readonly dumpId: number;
  readonly tableoid: string;
  readonly oid: string;
  /** Kind, schema, name and owner as printed. */
  readonly text: string;
}

/** The entries of an archive, of any version this `pg_restore` knows, in archive order. */
export async function listArchive(tools: ToolSet, path: string, signal: AbortSignal): Promise<ListedEntry[]> {
  const program = tools.program("pg_restore");
  const text = await processText({ program, args: ["--list", path], signal });
  return text.split("\n").flatMap((line) => {
    const match = /^(\d+); (\d+) (\d+) (.*)$/.exec(line);
    return match === null
      ? []
      : [{ dumpId: Number(match[1]), tableoid: match[2] ?? "", oid: match[3] ?? "", text: match[4] ?? "" }];
  });
}

/** Which part of an archive becomes SQL. */
export interface ScriptSelection {
  readonly section?: "data-only" | "schema-only";
  /** Path of a list as `--use-list` takes it. */
  readonly list?: string;
}

/** Has `pg_restore` print an archive as SQL, chunk by chunk. */
export async function archiveScript(
  tools: ToolSet,
  path: string,
  selection: ScriptSelection,
  signal: AbortSignal,
  onChunk: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  const args = [
    "--file=-",
    ...(selection.section === undefined ? [] : [`--${selection.section}`]),
    ...(selection.list === undefined ? [] : [`--use-list=${selection.list}`]),
    path,
  ];
  await runProcess({ program: tools.program("pg_restore"), args, signal }, onChunk);
}
