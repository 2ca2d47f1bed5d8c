/** An object of a store, as a listing shows it. */
export interface StoredObject {
  /** Below the store's place, `/` between the parts. */
  readonly key: string;
  readonly bytes: number;
  readonly modified: Date;
  /** Null where there are none. */
  readonly storageClass: string | null;
}

/** What is known of one object. */
export interface ObjectDetails extends StoredObject {
  /** SHA-256 (hex) of its content, noted when it was written; null when nobody did. */
  readonly sha256: string | null;
  /** Until when it may not be removed; `held` without end; null when it may. */
  readonly locked: Date | "held" | null;
}

/** What is to be stored. */
export interface ObjectSource {
  readonly bytes: number;
  /** What the content has to be; a store refuses to keep anything else. */
  readonly sha256: string;
  /**
   * So many bytes from there on; fewer only at the end. A store reads from the start to the end.
   *
   * @param into memory that may be used for them, at least as long
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
}

/** How something is stored. */
export interface PutOptions {
  /** Leave an object that is there already. */
  readonly ifAbsent?: boolean;
  /** Told bytes as they arrive; those an earlier attempt had stored count too. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * A place for objects under keys. What every one of them promises is in `tests/storage/store_contract.ts`.
 *
 * All methods throw {@linkcode PgstrataError}: `connection` when the place cannot be reached or refuses the login,
 * `usage` when it is not there, `failed` when it denies, `no_room` when it is full.
 */
export interface Store extends AsyncDisposable {
  /** For people: an address without credentials. */
  readonly name: string;
  /** All objects whose key begins so, in any order. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** One level: what stands directly in a folder (`""` is the top), each name once. */
  listFolder(
    folder: string,
  ): Promise<{ readonly folders: readonly string[]; readonly objects: readonly StoredObject[] }>;
  /** Null when there is no such object. */
  head(key: string): Promise<ObjectDetails | null>;
  /**
   * Stores an object whole or not at all, in the place of an older one. Goes on where an attempt that was
   * interrupted stopped, where the store can.
   *
   * @returns `exists` when `ifAbsent` was given and there is one
   * @throws {PgstrataError} code `not_good` when the source is not what its hash says; nothing is stored then
   */
  put(key: string, source: ObjectSource, options?: PutOptions): Promise<"written" | "exists">;
  /**
   * The content, or a part of it.
   *
   * @throws {PgstrataError} code `not_good` when there is no such object
   */
  get(key: string, range?: { readonly offset: number; readonly length: number }): Promise<ReadableStream<Uint8Array>>;
  /**
   * Removes an object; one that is not there is fine.
   *
   * @throws {PgstrataError} code `refused` when it is locked
   */
  remove(key: string): Promise<void>;
}
