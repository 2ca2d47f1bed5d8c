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
  readonly #buffer = new Uint8Array(READ);
  #begin = 0;
  #end = 0;

  /** @param start byte to begin at */
  constructor(path: string, start: number) {
    this.#file = Deno.openSync(path);
    this.#file.seekSync(start, Deno.SeekMode.Start);
  }

  /** Up to `length` bytes (1 MiB at the most), valid until the next call; fewer only at the end of the file. */
  readonly read: ReadBytes = (length) => {
    while (this.#end - this.#begin < length) {
      this.#makeRoom();
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

  /** What was read goes; no piece that is asked for is longer than the buffer. */
  #makeRoom(): void {
    this.#buffer.copyWithin(0, this.#begin, this.#end);
    this.#end -= this.#begin;
    this.#begin = 0;
  }
}
