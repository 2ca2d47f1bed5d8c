import { syncFile } from "./atomic_file.ts";

/** Files of this size or more, in bytes, are worth it: many small ones are synced faster together. */
const WORTH = 1024 * 1024;

/** Syncs large files as soon as they are written, while others are still being made. */
export class EarlySync {
  readonly #running = new Map<string, Promise<void>>();

  /**
   * Begins to sync a file, if it is large.
   *
   * @param name what {@linkcode done} calls it
   */
  add(name: string, path: string, bytes: number): void {
    if (bytes < WORTH) return;
    const synced = syncFile(path);
    synced.catch(() => {}); // Awaited in done(); until then its failure must not be unhandled.
    this.#running.set(name, synced);
  }

  /** Waits for all that was begun; gives the files' names. */
  async done(): Promise<ReadonlySet<string>> {
    await Promise.all(this.#running.values());
    return new Set(this.#running.keys());
  }

  /** Waits until nothing is being synced any more, whether it went well or not, and forgets it. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#running.values());
    this.#running.clear();
  }
}
