import { createHash } from "node:crypto";
import { dirname, join } from "@std/path";
import { isNoRoom, PgstrataError } from "../base/mod.ts";
import {
  FILE_MODE,
  isPartialFile,
  makeFolder,
  partialFile,
  partialPrefix,
  removeTree,
  syncFolder,
  tryLock,
} from "../system/mod.ts";
import { changedSource, checkKey, fullStorage, missingObject } from "./store_error.ts";
import type { ObjectDetails, ObjectSource, PutOptions, Store, StoredObject } from "./store.ts";

/** Bytes read and written at once. */
const BLOCK = 1024 * 1024;

/** A store in a folder: another disk, a network file system. Keys are paths, so that it can be read without us. */
export class FolderStore implements Store {
  private constructor(readonly name: string, private readonly root: string) {}

  /**
   * Opens the folder. It has to be there: a disk that is not mounted must not be written to as if it were.
   *
   * @throws {PgstrataError} code `usage` when it is not
   */
  static async open(root: string, name: string): Promise<FolderStore> {
    const info = await Deno.stat(root).catch(() => null);
    if (info?.isDirectory) return new FolderStore(name, root);
    throw new PgstrataError(`Cannot open ${name}: there is no such folder`, {
      code: "usage",
      hint:
        "Mount the disk, or make the folder. It is never made by itself: a disk that is not mounted would go unnoticed.",
    });
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    // A prefix may end within a name.
    const folders = [prefix.includes("/") ? prefix.slice(0, prefix.lastIndexOf("/")) : ""];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const level = await this.#level(folder);
      folders.push(...level.folders.filter((path) => `${path}/`.startsWith(prefix) || prefix.startsWith(`${path}/`)));
      for (const object of level.objects) if (object.key.startsWith(prefix)) yield object;
    }
  }

  async listFolder(folder: string): Promise<{ folders: readonly string[]; objects: readonly StoredObject[] }> {
    const { folders, objects } = await this.#level(folder);
    // As in a bucket: folders are where objects are. A removal that was cut leaves empty ones.
    return { folders: folders.filter((path) => this.#holdsObject(join(this.root, path))), objects };
  }

  async #level(folder: string): Promise<{ folders: string[]; objects: StoredObject[] }> {
    const folders: string[] = [];
    const objects: StoredObject[] = [];
    try {
      for await (const entry of Deno.readDir(join(this.root, folder))) {
        const key = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory) folders.push(key);
        else if (entry.isFile && !isPartialFile(entry.name)) {
          const object = await this.#look(key);
          if (object !== null) objects.push(object);
        }
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw this.#failure(`read ${folder}`, error);
    }
    return { folders: folders.sort(), objects };
  }

  async head(key: string): Promise<ObjectDetails | null> {
    const object = await this.#look(key);
    return object === null ? null : { ...object, sha256: null, locked: null };
  }

  async put(key: string, source: ObjectSource, options: PutOptions = {}): Promise<"written" | "exists"> {
    const path = join(this.root, checkKey(key));
    if (options.ifAbsent && await this.#look(key) !== null) return "exists";
    const partial = partialFile(path);
    try {
      await makeFolder(dirname(path));
      await this.#removeAbandoned(path);
      await this.#write(partial, key, source, options);
      if (options.ifAbsent && !(await publishIfAbsent(partial, path))) return "exists";
      if (!options.ifAbsent) await Deno.rename(partial, path);
      await syncFolder(dirname(path));
      return "written";
    } catch (error) {
      throw this.#failure(`store ${key}`, error);
    } finally {
      await Deno.remove(partial).catch(() => {}); // There only after a failure.
    }
  }

  async get(key: string, range?: { offset: number; length: number }): Promise<ReadableStream<Uint8Array>> {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(join(this.root, checkKey(key)));
      if (range !== undefined) await file.seek(range.offset, Deno.SeekMode.Start);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw missingObject(key, this.name, error);
      throw this.#failure(`read ${key}`, error);
    }
    let left = range?.length ?? Infinity;
    return new ReadableStream<Uint8Array>({
      async pull(controller): Promise<void> {
        const buffer = new Uint8Array(Math.min(BLOCK, left));
        const read = buffer.length === 0 ? null : await file.read(buffer);
        if (read === null) {
          file.close();
          return controller.close();
        }
        left -= read;
        controller.enqueue(buffer.subarray(0, read));
      },
      cancel: () => file.close(),
    }, { highWaterMark: 0 });
  }

  async remove(key: string): Promise<void> {
    const path = join(this.root, checkKey(key));
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw this.#failure(`remove ${key}`, error);
    }
    // Folders are part of no key: an empty one goes, up to the top, and with it what killed processes left in it.
    let above = dirname(key);
    if (above === ".") return;
    try {
      if (!this.#holdsObject(join(this.root, above))) await removeTree(join(this.root, above));
      for (above = dirname(above); above !== "."; above = dirname(above)) await Deno.remove(join(this.root, above));
    } catch {
      return; // It holds something else.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #write(partial: string, key: string, source: ObjectSource, options: PutOptions): Promise<void> {
    const hash = createHash("sha256");
    const buffer = new Uint8Array(Math.min(BLOCK, source.bytes));
    let done = 0;
    using file = await Deno.open(partial, { write: true, createNew: true, mode: FILE_MODE });
    // Says that it is being written, to #removeAbandoned(); where there are no locks nothing counts as abandoned.
    await tryLock(file, true).catch(() => false);
    while (done < source.bytes) {
      const block = await source.read(done, BLOCK, buffer);
      if (block.length === 0) break;
      hash.update(block);
      for (let written = 0; written < block.length;) written += await file.write(block.subarray(written));
      done += block.length;
      options.onBytes?.(block.length);
    }
    if (done !== source.bytes || hash.digest("hex") !== source.sha256) throw changedSource(key);
    await file.sync();
  }

  async #look(key: string): Promise<StoredObject | null> {
    try {
      const { size, mtime, isFile } = await Deno.lstat(join(this.root, checkKey(key)));
      return isFile ? { key, bytes: size, modified: mtime ?? new Date(0), storageClass: null } : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
      throw this.#failure(`read ${key}`, error);
    }
  }

  /** Removes what killed processes left of a file: the system gave their locks back. */
  async #removeAbandoned(path: string): Promise<void> {
    const prefix = partialPrefix(path);
    for await (const { name } of Deno.readDir(dirname(path))) {
      if (!name.startsWith(prefix) || !isPartialFile(name)) continue;
      const partial = join(dirname(path), name);
      try {
        using file = await Deno.open(partial, { read: true, write: true });
        if (await tryLock(file, true)) await Deno.remove(partial);
      } catch {
        // Gone meanwhile, of another user, or no locks there: left to a person.
      }
    }
  }

  /** Whether any object stands below a folder. Ends at the first. */
  #holdsObject(folder: string): boolean {
    try {
      const entries = [...Deno.readDirSync(folder)];
      return entries.some(({ name, isDirectory }) => !isDirectory && !isPartialFile(name)) ||
        entries.some(({ name, isDirectory }) => isDirectory && this.#holdsObject(join(folder, name)));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      // What cannot be looked into is not taken for empty.
      return true;
    }
  }

  #failure(what: string, cause: unknown): PgstrataError {
    if (cause instanceof PgstrataError) return cause;
    if (isNoRoom(cause)) return fullStorage(what, this.name, cause);
    return new PgstrataError(`Cannot ${what}: the system refused`, {
      context: { storage: this.name },
      cause,
      hint: "Check that the folder is mounted, and that this user may write to it.",
    });
  }
}

/** Gives a file its name unless there is one; a hard link does both in one step. */
async function publishIfAbsent(partial: string, path: string): Promise<boolean> {
  try {
    await Deno.link(partial, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // No hard links there (FAT, some network file systems): nearly as good.
    if (await Deno.lstat(path).then(() => true, () => false)) return false;
    await Deno.rename(partial, path);
    return true;
  }
}
