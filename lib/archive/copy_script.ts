import { ArchiveError } from "./archive_error.ts";
import { bytesCodec } from "./text_codec.ts";

/** Most bytes before the COPY statement or after the data; a script of one table has a few hundred. */
const TEXT_LIMIT = 4 * 1024 * 1024;

/** Bytes that nearly every script's head fits into. */
const USUAL_HEAD = 64 * 1024;

const COPY_STATEMENT = /(?:^|\n)COPY [^]*? FROM stdin;\n/;
const END_MARKER = new TextEncoder().encode("\\.\n");
const LINE_BREAK = 10;

/**
 * Parts a script with the rows of one table (`data.sql`, or what `pg_restore --data-only` prints) into what stands
 * before the rows, the COPY data, and what stands after, while it streams by. Memory does not grow with the data.
 *
 * A script without COPY (a partitioned table's, say) is all head.
 */
export class CopyScript {
  #state: "head" | "data" | "tail" = "head";
  #head: Uint8Array = new Uint8Array(0);
  #tail: Uint8Array = new Uint8Array(0);
  /** Bytes of data that may be the end marker's beginning. */
  #held: Uint8Array = new Uint8Array(0);
  /** Whether what comes next begins a line. */
  #lineStart = true;
  #offset = 0;

  /** @param onData given the COPY data piece by piece, without the end marker */
  constructor(private readonly onData: (bytes: Uint8Array) => void) {}

  /** Bytes up to and with the COPY statement; one character per byte. */
  get head(): string {
    return bytesCodec.decode(this.#head);
  }

  /** Bytes after the end marker's line; one character per byte. */
  get tail(): string {
    return bytesCodec.decode(this.#tail);
  }

  /** The COPY statement with its line break, or null; one character per byte. */
  get copyStatement(): string | null {
    return this.#state === "head" ? null : (COPY_STATEMENT.exec(this.head)?.[0].replace(/^\n/, "") ?? null);
  }

  /** The next bytes of the script. */
  push(chunk: Uint8Array): void {
    this.#offset += chunk.length;
    if (this.#state === "head") this.#pushHead(chunk);
    else if (this.#state === "data") this.#pushData(chunk);
    else this.#tail = this.#joined(this.#tail, chunk);
  }

  /**
   * The script is over.
   *
   * @throws {ArchiveError} if the data has no end marker: it was cut off
   */
  end(): void {
    if (this.#state === "data") throw new ArchiveError(`the rows do not end with \\.`, this.#offset);
  }

  #pushHead(chunk: Uint8Array): void {
    this.#head = this.#joined(this.#head, chunk);
    // The first pieces are large and the statement stands near their beginning; the first match is the same.
    const match = COPY_STATEMENT.exec(bytesCodec.decode(this.#head.subarray(0, USUAL_HEAD))) ??
      COPY_STATEMENT.exec(this.head);
    if (match === null) return;
    const rest = this.#head.subarray(match.index + match[0].length);
    this.#head = this.#head.slice(0, match.index + match[0].length);
    this.#state = "data";
    this.#pushData(rest);
  }

  #pushData(chunk: Uint8Array): void {
    const bytes = concat(this.#held, chunk);
    this.#held = new Uint8Array(0);
    for (let at = bytes.indexOf(END_MARKER[0] ?? 0); at !== -1; at = bytes.indexOf(END_MARKER[0] ?? 0, at + 1)) {
      const startsLine = at === 0 ? this.#lineStart : bytes[at - 1] === LINE_BREAK;
      if (!startsLine) continue;
      if (at + END_MARKER.length > bytes.length) {
        this.#emit(bytes.subarray(0, at));
        this.#held = bytes.slice(at);
        return;
      }
      if (bytes[at + 1] !== END_MARKER[1] || bytes[at + 2] !== END_MARKER[2]) continue;
      this.#emit(bytes.subarray(0, at));
      this.#state = "tail";
      this.#tail = bytes.slice(at + END_MARKER.length);
      return;
    }
    this.#emit(bytes);
  }

  #emit(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#lineStart = bytes[bytes.length - 1] === LINE_BREAK;
    this.onData(bytes);
  }

  #joined(first: Uint8Array, second: Uint8Array): Uint8Array {
    if (first.length + second.length > TEXT_LIMIT) {
      throw new ArchiveError("it is no script with the rows of one table", this.#offset);
    }
    return concat(first, second);
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
