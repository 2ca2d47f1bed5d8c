import { ArchiveError } from "./archive_error.ts";

/** A large object of a directory archive. */
export interface LargeObjectFile {
  readonly oid: number;
  readonly fileName: string;
}

/** Reads `blobs.toc` (before 1.16) or `blobs_<dumpId>.toc`: a line `<oid> <file>` for each large object. */
export function readLargeObjectList(text: string): LargeObjectFile[] {
  const files: LargeObjectFile[] = [];
  let offset = 0;
  for (const line of text.split("\n")) {
    if (line !== "") {
      const match = /^(\d{1,10}) (blob_\d{1,10}\.dat)$/.exec(line);
      if (match === null) throw new ArchiveError("the list of large objects has a line that is none", offset);
      files.push({ oid: Number(match[1]), fileName: match[2] as string });
    }
    offset += line.length + 1;
  }
  return files;
}
