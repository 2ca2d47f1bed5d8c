import { Buffer } from "node:buffer";

/** Bytes made text at once: V8 keeps longer strings apart and frees them late (half the memory, measured). */
const PIECE = 32 * 1024;

/** Parts COPY text, cut anywhere, into its rows: one character per byte, so that any encoding passes. */
export class CopyLines {
  #rest = "";

  /** @param onRow told each row without its line break */
  constructor(private readonly onRow: (row: string) => void) {}

  /** The next bytes. */
  push(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < buffer.length; at += PIECE) this.#take(buffer.toString("latin1", at, at + PIECE));
  }

  #take(piece: string): void {
    const text = this.#rest + piece;
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      this.onRow(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** Characters of a value that are shown. */
const LONGEST = 200;

/**
 * A field of COPY text as a value: null for NULL, escapes undone, UTF-8 decoded where it is UTF-8; cut when long
 * (PostgreSQL: `CopyAttributeOutText`).
 */
export function copyValue(field: string): string | null {
  if (field === "\\N") return null;
  const bytes = field.replaceAll(/\\([^])/g, (_, char: string) => ESCAPES[char] ?? char);
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  const value = text.includes("\ufffd") ? bytes : text;
  return value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
}
