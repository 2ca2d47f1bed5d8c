import { messageOf, PgstrataError, retry, type RetryPolicy } from "../base/mod.ts";
import { isPassing, s3Error } from "./s3_error.ts";
import type { Store, StoredObject } from "./store.ts";

/** Most bytes of an object that is read into memory as a whole: a manifest of some ten thousand tables. */
const TEXT_LIMIT = 256 * 1024 * 1024;

/** A connection that breaks while a part is read is tried again; the SDK does so only until the answer begins. */
const READ_RETRY: RetryPolicy = { attempts: 4, firstWait: 500, longestWait: 5_000 };

/**
 * A part of an object, whole.
 *
 * @param buffer takes it; it has the part's length
 * @throws {PgstrataError} code `not_good` when the object ends before; what the store says
 */
export async function readPart(
  store: Store,
  key: string,
  offset: number,
  buffer: Uint8Array<ArrayBuffer>,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { length } = buffer;
  const read = async () => {
    let filled = 0;
    try {
      for await (const chunk of await store.get(key, { offset, length })) {
        signal?.throwIfAborted();
        if (filled + chunk.length > length) throw new Error("the connection gave more than was asked for");
        buffer.set(chunk, filled);
        filled += chunk.length;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw s3Error(`read ${key}`, store.name, error);
    }
    if (filled === length) return buffer;
    throw new PgstrataError(`Cannot read ${key}: it is shorter than it was`, {
      code: "not_good",
      context: { storage: store.name, bytes: offset + filled },
      hint: "It is damaged in the storage: push the backup again where it is still there.",
    });
  };
  const isRetriable = (error: unknown) =>
    error instanceof PgstrataError &&
    (error.code === "connection" && isPassing(error.cause) || error.code === "not_good");
  return await retry(read, READ_RETRY, isRetriable, signal);
}

/** The text of an object. */
export async function readObjectText(store: Store, object: StoredObject, signal?: AbortSignal): Promise<string> {
  if (object.bytes > TEXT_LIMIT) {
    throw new PgstrataError(`Cannot read ${object.key}: it is larger than ${TEXT_LIMIT} bytes`, { code: "not_good" });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(
      await readPart(store, object.key, 0, new Uint8Array(object.bytes), signal),
    );
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new PgstrataError(`Cannot read ${object.key}: it is no text (${messageOf(error)})`, { code: "not_good" });
  }
}
