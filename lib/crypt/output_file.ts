import { createHash } from "node:crypto";
import { FILE_MODE, partialFile } from "../system/mod.ts";

/** A file that was written whole. */
export interface WrittenFile {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/**
 * Writes a file (mode 0600) through a hidden name beside it, hashed on the way. Only when `fill` has ended well
 * does it get its name: what comes out of a decryption before its damage is found is never seen.
 *
 * @param check looks at what was written before it is published
 * @throws what `fill` and `check` throw; nothing is left behind and an older file is as it was
 */
export async function writeOutput(
  path: string,
  fill: (write: (chunk: Uint8Array) => void) => Promise<void>,
  options: { readonly sync: boolean; readonly check?: (written: WrittenFile) => void },
): Promise<WrittenFile> {
  const partial = partialFile(path);
  try {
    const hash = createHash("sha256");
    let bytes = 0;
    using file = await Deno.open(partial, { write: true, createNew: true, mode: FILE_MODE });
    await fill((chunk) => {
      hash.update(chunk);
      for (let done = 0; done < chunk.length;) done += file.writeSync(chunk.subarray(done));
      bytes += chunk.length;
    });
    const written = { bytes, sha256: hash.digest("hex") };
    options.check?.(written);
    if (options.sync) await file.sync();
    await Deno.rename(partial, path);
    return written;
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}

/** Read size of {@linkcode FileStream}. */
const BLOCK = 1024 * 1024;

/**
 * A file as a stream of blocks of 1 MiB, until it is disposed of: a reader that failed may never cancel it, and may even
 * ask for more.
 */
export class FileStream implements AsyncDisposable {
  #file: Deno.FsFile | null = null;
  #reading: Promise<void> = Promise.resolve();
  #ended = false;

  readonly stream: ReadableStream<Uint8Array>;

  constructor(private readonly path: string) {
    this.stream = new ReadableStream<Uint8Array>({
      pull: (controller) => this.#reading = this.#read(controller),
    }, { highWaterMark: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.allSettled([this.#reading]);
    this.#file?.close();
    this.#file = null;
  }

  async #read(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#ended) return controller.error(new Error(`${this.path} is read no more`));
    this.#file ??= await Deno.open(this.path);
    const buffer = new Uint8Array(BLOCK);
    const read = await this.#file.read(buffer);
    if (read === null) controller.close();
    else controller.enqueue(buffer.subarray(0, read));
  }
}
