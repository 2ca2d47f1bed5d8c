import { createHash } from "node:crypto";
import { isNoRoom, PgstrataError } from "../base/mod.ts";
import { FILE_MODE, removeTree } from "../system/mod.ts";
import type { StoredFile } from "./backup_files.ts";
import type { PartBuffer, PartBuffers } from "./part_buffers.ts";
import type { TransferDeps } from "./push.ts";
import { readPart } from "./read_object.ts";
import { noRoomToPull } from "./store_error.ts";
import type { Store } from "./store.ts";

/** Bytes of a request; as many requests as there are jobs run at the same time. */
export const PART = 4 * 1024 * 1024;

/**
 * Brings one file, several parts at a time, written in their order. An earlier attempt's beginning is read and
 * hashed again rather than brought again. When the whole is not right with such a beginning, it is brought anew once.
 *
 * @returns bytes that were moved
 */
export async function pullFile(
  store: Store,
  key: string,
  path: string,
  file: StoredFile,
  parts: PartBuffers,
  deps: TransferDeps,
): Promise<number> {
  const partial = `${path}.part`;
  const resumed = await Deno.lstat(partial).then(({ size }) => size > 0 && size <= file.bytes, () => false);
  if (!resumed) await removeTree(partial);
  try {
    let { sha256, moved } = await download(store, key, partial, file.bytes, parts, deps);
    if (sha256 !== file.sha256 && resumed) {
      await removeTree(partial);
      ({ sha256, moved } = await download(store, key, partial, file.bytes, parts, deps));
    }
    if (sha256 !== file.sha256) {
      await removeTree(partial);
      throw new PgstrataError(`Cannot pull ${key}: it is damaged in the storage`, {
        code: "not_good",
        context: { storage: store.name },
        hint: "Take another copy, or push the backup again where it is still there. What was brought stays for that.",
      });
    }
    await Deno.rename(partial, path);
    return moved;
  } catch (error) {
    if (isNoRoom(error)) throw noRoomToPull("no space left on the device", error);
    throw error;
  }
}

async function download(
  store: Store,
  key: string,
  partial: string,
  bytes: number,
  parts: PartBuffers,
  deps: TransferDeps,
): Promise<{ readonly sha256: string; readonly moved: number }> {
  const hash = createHash("sha256");
  using output = await Deno.open(partial, { read: true, write: true, create: true, mode: FILE_MODE });
  let begun = 0;
  const block = new Uint8Array(64 * 1024);
  for (let read = await output.read(block); read !== null; read = await output.read(block)) {
    hash.update(block.subarray(0, read));
    begun += read;
  }
  deps.onEvent?.({ type: "moved", bytes: begun });
  const coming: ComingPart[] = [];
  let asked = begun;
  const ask = (buffer: PartBuffer) => {
    const length = Math.min(PART, bytes - asked);
    const content = readPart(store, key, asked, buffer.bytes.subarray(0, length), deps.signal);
    content.catch(() => {}); // Looked at when its turn comes.
    coming.push({ content, buffer });
    asked += length;
  };
  try {
    while (asked < bytes || coming.length > 0) {
      // The first of a file waits for a buffer; more are asked for while some are free.
      if (coming.length === 0) ask(await parts.take());
      for (let more = parts.takeFree(asked < bytes); more !== null; more = parts.takeFree(asked < bytes)) ask(more);
      const part = coming[0];
      if (part === undefined) break;
      const content = await part.content;
      hash.update(content);
      for (let written = 0; written < content.length;) written += await output.write(content.subarray(written));
      deps.onEvent?.({ type: "moved", bytes: content.length });
      coming.shift();
      part.buffer.giveBack();
    }
  } finally {
    for (const { content, buffer } of coming) {
      await content.catch(() => {});
      buffer.giveBack();
    }
  }
  return { sha256: hash.digest("hex"), moved: bytes - begun };
}

interface ComingPart {
  readonly content: Promise<Uint8Array>;
  readonly buffer: PartBuffer;
}
