import type { TocEntry } from "../archive/mod.ts";
import type { DrillNote } from "./drill.ts";
import { entryName } from "./entry_name.ts";
import type { RestoreError } from "./restore_archive.ts";

/** Something that could not be restored. */
export interface RestoreNote extends DrillNote {
  /** The entry of the archive; null for a file of the table tier. */
  readonly dumpId: number | null;
  /** The table whose rows could not be loaded, for such a file. */
  readonly table: { readonly schema: string; readonly name: string } | null;
}

/** Errors of `pg_restore`, with the names of the entries they are about. */
export function notesOf(errors: readonly RestoreError[], entries: readonly TocEntry[]): RestoreNote[] {
  const names = new Map(entries.map((entry) => [entry.dumpId, entryName(entry)]));
  return errors.map(({ dumpId, message }) => ({
    dumpId,
    table: null,
    object: (dumpId === null ? undefined : names.get(dumpId)) ?? `entry ${dumpId ?? "unknown"}`,
    message,
  }));
}

/** A note that is about no entry. */
export function plainNote(object: string, message: string): RestoreNote {
  return { object, message, dumpId: null, table: null };
}
