import { type ReadBytes, readTocOf, type TocReading } from "../archive/mod.ts";
import { fileStart } from "../system/mod.ts";

/** Bytes of one read. */
const READ = 1024 * 1024;

/**
 * Reads header and table of contents of a custom archive.
 *
 * @throws {ArchiveError} on damage, with the byte
 * @throws {UnknownArchiveVersionError} if the version is not known
 */
export async function readTocOfFile(path: string): Promise<TocReading> {
  const { size } = await Deno.stat(path);
  return await readTocOf((length) => fileStart(path, length), size);
}

/** A file as `readBlocks` wants it, buffered. Calls block. */
export class FileBytes implements Disposable {
  readonly #file: Deno.FsFile;
  #buffer = new Uint8Array(READ);
  #begin = 0;
  #end = 0;

  /** @param start byte to begin at */
  constructor(path: string, start: number) {
    this.#file = Deno.openSync(path);
    this.#file.seekSync(start, Deno.SeekMode.Start);
  }

  /** Up to `length` bytes, valid until the next call; fewer only at the end of the file. */
  readonly read: ReadBytes = (length) => {
    while (this.#end - this.#begin < length) {
      this.#makeRoom(length);
      const read = this.#file.readSync(this.#buffer.subarray(this.#end));
      if (read === null) break;
      this.#end += read;
    }
    const begin = this.#begin;
    this.#begin = Math.min(this.#end, begin + length);
    return this.#buffer.subarray(begin, this.#begin);
  };

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #makeRoom(length: number): void {
    if (this.#begin > 0) {
      this.#buffer.copyWithin(0, this.#begin, this.#end);
      this.#end -= this.#begin;
      this.#begin = 0;
    }
    if (this.#end < this.#buffer.length) return;
    // A damaged length (up to 64 MiB) is not allocated at once: the buffer grows with what the file really has.
    const larger = new Uint8Array(Math.min(2 * this.#buffer.length, Math.max(length, this.#buffer.length + READ)));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}
