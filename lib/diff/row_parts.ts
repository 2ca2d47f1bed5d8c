import { Buffer } from "node:buffer";
import { join } from "@std/path";
import { FILE_MODE } from "../system/mod.ts";
import { CopyLines } from "./copy_lines.ts";

/** Bytes held for all parts together before they are written. */
const HELD = 8 * 1024 * 1024;

/** Bytes of one read. */
const READ = 1024 * 1024;

/** Rows parted by a hash of their keys into temporary files, so that each part fits into memory. */
export class RowParts {
  /** What is not written yet, by part. */
  readonly #held: Buffer[];
  readonly #filled: number[];
  readonly #sizes: number[];
  readonly #written: boolean[];

  /**
   * @param folder for the files
   * @param name tells these files from others in the folder
   * @param seed another one parts rows of one part anew
   */
  constructor(
    private readonly folder: string,
    private readonly name: string,
    readonly count: number,
    private readonly seed: number,
  ) {
    const room = Math.floor(HELD / count);
    this.#held = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(room));
    this.#filled = new Array<number>(count).fill(0);
    this.#sizes = new Array<number>(count).fill(0);
    this.#written = new Array<boolean>(count).fill(false);
  }

  add(key: string, row: string): void {
    const part = hash(key, this.seed) % this.count;
    const length = row.length + 1;
    this.#sizes[part] = this.size(part) + length;
    const held = this.#held[part];
    if (held === undefined) return;
    if (this.#filledOf(part) + length > held.length) this.#write(part);
    if (length > held.length) return this.#append(part, Buffer.from(`${row}\n`, "latin1"));
    const at = this.#filledOf(part);
    held.write(row, at, "latin1");
    held[at + row.length] = 10;
    this.#filled[part] = at + length;
  }

  /** Writes what is still held: to be called once, when all rows are there. */
  finish(): void {
    for (let part = 0; part < this.count; part++) this.#write(part);
  }

  /** Bytes of a part. */
  size(part: number): number {
    return this.#sizes[part] ?? 0;
  }

  /** Hands over the rows of a part. */
  read(part: number, onRow: (row: string) => void): Promise<void> {
    if (this.#written[part] !== true) return Promise.resolve();
    using file = Deno.openSync(this.#path(part));
    const lines = new CopyLines(onRow);
    const buffer = new Uint8Array(READ);
    for (let read = file.readSync(buffer); read !== null; read = file.readSync(buffer)) {
      lines.push(buffer.subarray(0, read));
    }
    return Promise.resolve();
  }

  /** Removes a part's file. */
  drop(part: number): void {
    if (this.#written[part] === true) Deno.removeSync(this.#path(part));
  }

  #filledOf(part: number): number {
    return this.#filled[part] ?? 0;
  }

  #write(part: number): void {
    const held = this.#held[part]?.subarray(0, this.#filledOf(part));
    if (held === undefined || held.length === 0) return;
    this.#append(part, held);
    this.#filled[part] = 0;
  }

  #append(part: number, bytes: Uint8Array): void {
    // Opened for each write: hundreds of parts would take as many open files.
    using file = Deno.openSync(this.#path(part), { append: true, create: true, mode: FILE_MODE });
    for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
    this.#written[part] = true;
  }

  #path(part: number): string {
    return join(this.folder, `${this.name}.${part}`);
  }
}

/** FNV-1a with a final mix; not for anything secret. */
function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ Math.imul(seed + 1, 0x9e3779b1);
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
