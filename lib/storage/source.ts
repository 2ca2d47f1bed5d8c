import { createHash } from "node:crypto";
import type { ObjectSource } from "./store.ts";

/** A file to be stored. */
export class FileSource implements ObjectSource, Disposable {
  #file: Deno.FsFile | null = null;
  #position = 0;

  constructor(private readonly path: string, readonly bytes: number, readonly sha256: string) {}

  async read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    this.#file ??= await Deno.open(this.path);
    if (offset !== this.#position) await this.#file.seek(offset, Deno.SeekMode.Start);
    const wanted = Math.max(0, Math.min(length, this.bytes - offset));
    const buffer = into?.subarray(0, wanted) ?? new Uint8Array(wanted);
    let filled = 0;
    while (filled < buffer.length) {
      const read = await this.#file.read(buffer.subarray(filled));
      if (read === null) break;
      filled += read;
    }
    this.#position = offset + filled;
    return buffer.subarray(0, filled);
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = null;
  }
}

/** Bytes to be stored. */
export function bytesSource(content: Uint8Array): ObjectSource {
  return {
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    read: (offset, length) => Promise.resolve(content.subarray(offset, offset + length)),
  };
}
