import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import { ArchiveError, type LargeObjectContent, type TocEntry } from "../archive/mod.ts";
import { CopyDigest } from "./copy_digest.ts";
import type { CopyContent } from "./copy_digest.ts";

/** Most bytes between the data of two entries: sequence values, comments, creation of large objects. */
const TEXT_LIMIT = 256 * 1024 * 1024;

/** What ends the rows, with the line break before. */
const END = "\n\\.\n";
const BACKSLASH = 92;

/**
 * Reads what `pg_restore --data-only --file=-` prints of an archive whose table of contents is known: counts and hashes
 * the rows of each entry and each large object while it streams by.
 */
export class DataScript {
  /** By dumpId. */
  readonly tables = new Map<number, CopyContent>();
  readonly largeObjects: LargeObjectContent[] = [];
  readonly #left: TocEntry[];
  readonly #encode: (text: string) => Uint8Array;
  #text: Buffer = Buffer.alloc(0);
  #table: { readonly dumpId: number; readonly digest: CopyDigest } | null = null;
  #object: { readonly oid: number; readonly hash: Hash; bytes: number } | null = null;
  /** Whether the first byte held is the COPY statement's line break. */
  #atStart = false;
  #offset = 0;

  /** @param entries TABLE DATA entries in the archive's order */
  constructor(entries: readonly TocEntry[], encode: (text: string) => Uint8Array) {
    this.#left = [...entries];
    this.#encode = encode;
  }

  /** The entry whose rows come now; null between entries. */
  get current(): number | null {
    return this.#table?.dumpId ?? null;
  }

  /** The next bytes of the script. */
  push(chunk: Uint8Array): void {
    this.#offset += chunk.length;
    let rest: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    while (rest.length > 0) {
      rest = this.#table === null ? this.#takeText(rest) : this.#takeRows(rest);
    }
  }

  /** @throws {ArchiveError} if the script ends within rows or a large object */
  end(): void {
    this.#lines(true);
    if (this.#table !== null || this.#object !== null) {
      throw new ArchiveError("what pg_restore prints ends within an entry", this.#offset);
    }
  }

  /** Rows up to the line `\.`; three bytes are held back, since the marker may be cut. */
  #takeRows(chunk: Buffer): Buffer {
    const table = this.#table;
    if (table === null) return chunk;
    const bytes = this.#text.length === 0 ? chunk : Buffer.concat([this.#text, chunk]);
    const at = endOfRows(bytes);
    const length = at === -1 ? Math.max(0, bytes.length - END.length + 1) : at + 1;
    if (length > 0) {
      table.digest.push(bytes.subarray(this.#atStart ? 1 : 0, length));
      this.#atStart = false;
    }
    this.#text = at === -1 ? Buffer.from(bytes.subarray(length)) : Buffer.alloc(0);
    return at === -1 ? Buffer.alloc(0) : this.#endTable(bytes.subarray(at + END.length));
  }

  #endTable(rest: Buffer): Buffer {
    const content = this.#table?.digest.end();
    if (this.#table !== null && content) this.tables.set(this.#table.dumpId, content);
    this.#table = null;
    return rest;
  }

  #takeText(chunk: Buffer): Buffer {
    this.#text = this.#text.length === 0 ? chunk : Buffer.concat([this.#text, chunk]);
    if (this.#text.length > TEXT_LIMIT) throw new ArchiveError("what pg_restore prints is no data", this.#offset);
    return this.#lines(false);
  }

  /** Takes whole lines; @returns what follows a COPY statement. */
  #lines(last: boolean): Buffer {
    let start = 0;
    while (start < this.#text.length) {
      if (startsWith(this.#text, start, "COPY ")) {
        const begun = this.#begin(start, last);
        if (begun !== null) return begun;
        if (!last) break;
      }
      const end = this.#text.indexOf(10, start);
      if (end === -1) break;
      this.#line(start, end);
      start = end + 1;
    }
    this.#text = Buffer.from(this.#text.subarray(start));
    return Buffer.alloc(0);
  }

  /** Begins the rows of the entry whose statement stands here; null if more bytes are needed. */
  #begin(start: number, last: boolean): Buffer | null {
    let incomplete = false;
    for (const [index, entry] of this.#left.entries()) {
      const statement = this.#encode(entry.copyStmt ?? "");
      const there = this.#text.subarray(start, start + statement.length);
      if (there.length < statement.length) {
        incomplete ||= Buffer.compare(there, statement.subarray(0, there.length)) === 0;
        continue;
      }
      if (Buffer.compare(there, statement) !== 0) continue;
      this.#left.splice(index, 1);
      this.#table = { dumpId: entry.dumpId, digest: new CopyDigest(false) };
      const rest = Buffer.from(this.#text.subarray(start + statement.length));
      // The statement's line break: a table without rows has the marker right after it.
      this.#text = Buffer.from("\n");
      this.#atStart = true;
      return rest;
    }
    if (incomplete && !last) return null;
    throw new ArchiveError("pg_restore prints rows that the table of contents does not name", this.#offset);
  }

  #line(start: number, end: number): void {
    if (this.#object !== null && startsWith(this.#text, start, "SELECT pg_catalog.lowrite(0, '\\x")) {
      const from = start + "SELECT pg_catalog.lowrite(0, '\\x".length;
      const bytes = Buffer.from(this.#text.toString("latin1", from, this.#text.lastIndexOf("'", end)), "hex");
      this.#object.hash.update(bytes);
      this.#object.bytes += bytes.length;
      return;
    }
    if (!startsWith(this.#text, start, "SELECT pg_catalog.lo_")) return;
    const line = this.#text.toString("latin1", start, end);
    const opened = /^SELECT pg_catalog\.lo_open\('(\d+)', \d+\);$/.exec(line);
    if (opened !== null) this.#object = { oid: Number(opened[1]), hash: createHash("sha256"), bytes: 0 };
    else if (line === "SELECT pg_catalog.lo_close(0);" && this.#object !== null) {
      const { oid, bytes, hash } = this.#object;
      this.largeObjects.push({ oid, bytes, sha256: hash.digest("hex") });
      this.#object = null;
    }
  }
}

/** Where `END` begins, or -1. Typed arrays find a byte many times faster than Node's Buffer finds several. */
function endOfRows(bytes: Uint8Array): number {
  const find = Uint8Array.prototype.indexOf;
  for (let at = find.call(bytes, BACKSLASH); at !== -1; at = find.call(bytes, BACKSLASH, at + 1)) {
    if (at > 0 && startsWith(bytes, at - 1, END)) return at - 1;
  }
  return -1;
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  if (at + text.length > bytes.length) return false;
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text.charCodeAt(index)) return false;
  return true;
}
