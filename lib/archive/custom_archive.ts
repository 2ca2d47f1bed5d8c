import { BLOCK_END, dataBlockStart } from "./blocks.ts";
import { type Toc, writeToc } from "./toc.ts";
import type { TocEntry } from "./toc_entry.ts";

/** The compression an archive's header names. */
export interface HeaderCompression {
  readonly compression: "none" | "gzip" | "zstd";
  readonly level: number;
}

/**
 * The head of a custom archive whose blocks follow in the order of the table of contents.
 *
 * @param blockLengths bytes of each entry's block, by dumpId, frame included; an entry with data and no
 * length gets an empty block
 * @returns the bytes to write before the blocks, and the entries whose blocks follow, in order
 */
export function customArchiveHead(
  toc: Toc,
  compression: HeaderCompression,
  blockLengths: ReadonlyMap<number, number>,
): { readonly head: Uint8Array; readonly blocks: readonly TocEntry[] } {
  const header = { ...toc.header, format: "custom" as const, ...compression };
  const place = (start: number): TocEntry[] => {
    let position = start;
    return toc.entries.map((entry) => {
      if (!entry.hasData) return { ...entry, dataOffset: { state: 3, position: 0 } };
      const dataOffset = { state: 2 as const, position };
      position += blockLengths.get(entry.dumpId) ?? emptyBlock(entry.dumpId).length;
      return { ...entry, dataOffset };
    });
  };
  // Offsets have a fixed width: a first pass gives the length of the head, on which they depend.
  const { length } = writeToc({ ...toc, header, entries: place(0) });
  const entries = place(length);
  return { head: writeToc({ ...toc, header, entries }), blocks: entries.filter((entry) => entry.hasData) };
}

/** A data block without any data. */
export function emptyBlock(dumpId: number): Uint8Array {
  return new Uint8Array([...dataBlockStart(dumpId), ...BLOCK_END]);
}
