import { join } from "@std/path";
import { Limiter } from "../base/mod.ts";
import { writeFileAtomic } from "../system/mod.ts";
import { type Encryptor, openEncryptor } from "./encryptor.ts";
import { listedFiles } from "./file_list.ts";
import { SUMS } from "./folder_state.ts";
import type { CryptDeps, EncryptionKey } from "./keys.ts";
import { encryptedName } from "./method.ts";
import type { WrittenFile } from "./output_file.ts";
import { JOBS, sumsText, type UnsealedBackup, writeRest } from "./write_rest.ts";

/**
 * Encrypts a backup while it is made: each file as soon as it is whole, into `<name>.age` or `<name>.gpg`, after which
 * the plain one is removed. Nothing is synced: sealing does that.
 */
export class UnsealedEncryption implements AsyncDisposable {
  readonly #limiter = new Limiter(JOBS);
  readonly #running = new Map<string, Promise<void>>();
  readonly #sums = new Map<string, WrittenFile>();
  readonly #failure: AbortController;
  readonly #end: AbortController;

  private constructor(
    private readonly folder: string,
    private readonly encryptor: Encryptor,
    stops: { readonly failure: AbortController; readonly end: AbortController },
  ) {
    this.#failure = stops.failure;
    this.#end = stops.end;
  }

  /**
   * Makes ready to encrypt.
   *
   * @param folder the partial folder
   * @throws {PgstrataError} see {@linkcode openEncryptor}
   */
  static async open(folder: string, key: EncryptionKey, deps: CryptDeps = {}): Promise<UnsealedEncryption> {
    const failure = new AbortController();
    const end = new AbortController();
    // Hours of a large file are not waited for when there will be no backup.
    const signals = [failure.signal, end.signal, ...deps.signal === undefined ? [] : [deps.signal]];
    const encryptor = await openEncryptor(key, { ...deps, signal: AbortSignal.any(signals) });
    return new UnsealedEncryption(folder, encryptor, { failure, end });
  }

  /** Aborted with the error when a file cannot be encrypted: there is no use in making more of them. */
  get failure(): AbortSignal {
    return this.#failure.signal;
  }

  /** Begins to encrypt a file that is whole and that nobody reads any more; from here on it may be gone at any time. */
  add(path: string): void {
    const encrypted = this.#limiter.run(() => this.#encrypt(path));
    encrypted.catch((error) => this.#failure.abort(error));
    this.#running.set(path, encrypted);
  }

  /** Waits for the files that were given so far. */
  async settle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** Waits until nothing runs, and forgets all files: they are made anew. */
  async clear(): Promise<void> {
    await Promise.allSettled(this.#running.values());
    this.#running.clear();
    this.#sums.clear();
  }

  /**
   * Waits for all files; then writes manifest and checksums from memory, the public part, and the checksums of what is
   * there now. What the manifest does not list has to be gone before. The order is DECISIONS 13.
   */
  async finish(backup: UnsealedBackup): Promise<void> {
    for (const { path } of listedFiles(backup.manifest)) {
      if (!this.#running.has(path)) throw new Error(`${path} was never given to be encrypted`);
    }
    await Promise.all(this.#running.values());
    await writeRest(this.folder, backup, this.encryptor, this.#sums, false);
    await writeFileAtomic(join(this.folder, SUMS), sumsText(this.#sums));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.allSettled(this.#running.values());
    await this.encryptor[Symbol.asyncDispose]();
  }

  async #encrypt(path: string): Promise<void> {
    // Nothing more is begun after a failure or the end.
    this.#failure.signal.throwIfAborted();
    if (this.#end.signal.aborted) return;
    const target = encryptedName(path, this.encryptor.method);
    this.#sums.set(
      target,
      await this.encryptor.encryptFile(join(this.folder, path), join(this.folder, target), false),
    );
    await Deno.remove(join(this.folder, path));
  }
}
