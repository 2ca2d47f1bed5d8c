import type { Readable, Writable } from "node:stream";
import type { Driver } from "./driver.ts";

/** A running COPY. */
export interface CopyCommand<Stream> {
  readonly stream: Stream;
  /** Settles when the server has said how the command ended. Never an unhandled rejection. */
  readonly ended: Promise<void>;
  /** Ends it from our side, when the connection is gone and the server will say nothing any more. */
  readonly fail: (error: Error) => void;
}

interface DriverQuery {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Starts a COPY and keeps hold of its end.
 *
 * The driver settles the query when the stream opens and then forgets it: an error that comes after the last row of a
 * `COPY FROM` (a constraint, say) would never be told, and its stream never end. The driver calls the query's own
 * `resolve` and `reject` a second time at the true end, which is where we listen (postgres 3.4.9, src/connection.js:
 * ReadyForQuery, queryError).
 *
 * @throws what the server refused the command with
 */
export async function startCopy<Stream extends Readable | Writable>(
  sql: Driver,
  text: string,
  direction: "readable" | "writable",
): Promise<CopyCommand<Stream>> {
  const query = sql.unsafe(text);
  const inner = query as unknown as DriverQuery;
  const { resolve, reject } = inner;
  const end = Promise.withResolvers<void>();
  end.promise.catch(() => {});
  let opened = false;
  inner.resolve = (value) => {
    if (opened) return end.resolve();
    opened = true;
    resolve(value);
  };
  inner.reject = (error) => {
    opened = true;
    end.reject(error);
    reject(error);
  };
  const stream = await query[direction]() as unknown as Stream;
  if (typeof (stream as { pipe?: unknown }).pipe !== "function") {
    throw new TypeError(`not a COPY that is ${direction === "readable" ? "TO STDOUT" : "FROM STDIN"}`);
  }
  // Without a listener an error would be an uncaught exception; `ended` carries it.
  stream.on("error", () => {});
  const fail = (error: Error) => {
    end.reject(error);
    stream.destroy();
  };
  return { stream, ended: end.promise, fail };
}

/** The chunks of a `COPY TO STDOUT`; ends after the server said that it succeeded. */
export async function* copyChunks({ stream, ended }: CopyCommand<Readable>): AsyncGenerator<Uint8Array> {
  let wake = () => {};
  const onEvent = () => wake();
  for (const name of ["readable", "end", "error", "close"]) stream.on(name, onEvent);
  try {
    while (true) {
      const waiting = new Promise<void>((resolve) => wake = resolve);
      // Newer runtimes read one pushed chunk (one row) at a time unless told how much.
      const chunk: Uint8Array | null = stream.read(stream.readableLength);
      if (chunk !== null) yield chunk;
      else if (stream.readableEnded || stream.destroyed) break;
      else await waiting;
    }
    await ended;
  } finally {
    for (const name of ["readable", "end", "error", "close"]) stream.off(name, onEvent);
  }
}

/** Throws away what a `COPY TO STDOUT` still sends, until the server has ended it. */
export async function drainCopy({ stream, ended }: CopyCommand<Readable>): Promise<void> {
  stream.resume();
  await ended.catch(() => {});
}

/** Feeds a `COPY FROM STDIN` and waits for the server's verdict. */
export async function feedCopy(
  { stream, ended }: CopyCommand<Writable>,
  data: AsyncIterable<Uint8Array>,
): Promise<void> {
  const iterator = data[Symbol.asyncIterator]();
  let over = false;
  let wake = () => {};
  const onEnd = () => {
    over = true;
    wake();
  };
  ended.then(onEnd, onEnd);
  stream.on("drain", () => wake());
  try {
    while (!over) {
      // The server may refuse while the source has nothing to give. (Not Promise.race: with a promise that lives as long
      // as the COPY it would keep something for every chunk.)
      const next = Promise.withResolvers<IteratorResult<Uint8Array> | null>();
      wake = () => over && next.resolve(null);
      iterator.next().then(next.resolve, next.reject);
      const result = await next.promise;
      if (result === null || result.done === true) break;
      if (result.value.length === 0 || stream.write(result.value)) continue;
      await new Promise<void>((resolve) => over ? resolve() : wake = resolve);
    }
  } catch (error) {
    stream.destroy(new Error("cancelled by the client"));
    await ended.catch(() => {});
    throw error;
  }
  if (over) iterator.return?.()?.catch(() => {});
  else stream.end();
  await ended;
}
