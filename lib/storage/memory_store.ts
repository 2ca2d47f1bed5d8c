import { createHash } from "node:crypto";
import type { Clock } from "../base/mod.ts";
import { oneLevel } from "./one_level.ts";
import { changedSource, checkKey, lockedObject, missingObject } from "./store_error.ts";
import type { ObjectDetails, ObjectSource, PutOptions, Store, StoredObject } from "./store.ts";

/** A store in memory, for tests and to read the contract by. */
export class MemoryStore implements Store {
  readonly name = "memory:";
  readonly #objects = new Map<string, ObjectDetails & { readonly content: Uint8Array }>();

  constructor(private readonly clock: Clock) {}

  async *list(prefix: string): AsyncIterable<StoredObject> {
    for (const object of [...this.#objects.values()]) if (object.key.startsWith(prefix)) yield await object;
  }

  async listFolder(folder: string): Promise<{ folders: readonly string[]; objects: readonly StoredObject[] }> {
    return oneLevel(await Array.fromAsync(this.list(folder === "" ? "" : `${folder}/`)), folder);
  }

  head(key: string): Promise<ObjectDetails | null> {
    return Promise.resolve(this.#objects.get(key) ?? null);
  }

  async put(key: string, source: ObjectSource, options: PutOptions = {}): Promise<"written" | "exists"> {
    checkKey(key);
    if (options.ifAbsent && this.#objects.has(key)) return "exists";
    const content = (await source.read(0, source.bytes)).slice();
    const isRight = content.length === source.bytes &&
      createHash("sha256").update(content).digest("hex") === source.sha256;
    if (!isRight) throw changedSource(key);
    const details = { bytes: content.length, modified: this.clock.now(), sha256: source.sha256, storageClass: null };
    this.#objects.set(key, { key, ...details, locked: null, content });
    options.onBytes?.(content.length);
    return "written";
  }

  get(key: string, range?: { readonly offset: number; readonly length: number }): Promise<ReadableStream<Uint8Array>> {
    const object = this.#objects.get(key);
    if (object === undefined) return Promise.reject(missingObject(key, this.name));
    const { offset, length } = range ?? { offset: 0, length: object.bytes };
    return Promise.resolve(new Blob([object.content.slice(offset, offset + length)]).stream());
  }

  remove(key: string): Promise<void> {
    const locked = this.#objects.get(key)?.locked ?? null;
    if (locked === "held" || (locked !== null && locked > this.clock.now())) {
      return Promise.reject(lockedObject(key, locked));
    }
    this.#objects.delete(key);
    return Promise.resolve();
  }

  /** Locks an object, as a bucket with object lock would. */
  lock(key: string, until: Date | "held"): void {
    const object = this.#objects.get(key);
    if (object === undefined) throw missingObject(key, this.name);
    this.#objects.set(key, { ...object, locked: until });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
