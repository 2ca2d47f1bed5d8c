import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { PgstrataError } from "../base/mod.ts";
import { arrayLiteral } from "./array_literal.ts";
import { type CancelKey, requestCancel } from "./cancel_request.ts";
import { codeOf, connectionError, masked, QueryError } from "./connection_error.ts";
import { copyChunks, type CopyCommand, drainCopy, feedCopy, startCopy } from "./copy_command.ts";
import type { Driver } from "./driver.ts";
import type { Session } from "./session_contract.ts";
import { lostError, nextTask, whenClosed, within } from "./socket_end.ts";
import type { PinnedTarget } from "./target.ts";
import type { WireWatch } from "./wire_watch.ts";

/** Milliseconds that cancelling and a polite goodbye may take before the socket is cut. */
const GOODBYE = 5_000;

/** What the server told about itself and the session. */
export interface ServerFacts {
  readonly serverVersion: string;
  readonly serverVersionNum: number;
  readonly backendPid: number;
  readonly inRecovery: boolean;
}

/** The parts a session is made of. */
export interface SessionParts {
  readonly sql: Driver;
  readonly socket: Socket;
  readonly watch: WireWatch;
  readonly encrypted: boolean;
  readonly cancelKey: CancelKey;
}

/** A {@linkcode Session} over the `postgres` driver. */
export class DriverSession implements Session {
  readonly serverVersion: string;
  readonly serverVersionNum: number;
  readonly serverMajor: number;
  readonly backendPid: number;
  readonly inRecovery: boolean;
  readonly encrypted: boolean;
  readonly pooled: boolean;
  readonly #lost = new AbortController();
  readonly #socketClosed: Promise<void>;
  /** Rejects after the socket has closed, when the driver has had its turn to say why. */
  readonly #gone: Promise<never>;
  readonly #onAbort = () => this.#abort();
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #copying = false;
  #aborting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    readonly target: PinnedTarget,
    private readonly parts: SessionParts,
    facts: ServerFacts,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.serverVersion = facts.serverVersion;
    this.serverVersionNum = facts.serverVersionNum;
    this.serverMajor = Math.floor(facts.serverVersionNum / 10_000);
    this.backendPid = facts.backendPid;
    this.inRecovery = facts.inRecovery;
    this.encrypted = parts.encrypted;
    this.pooled = parts.cancelKey.pid !== facts.backendPid;
    this.#socketClosed = whenClosed(parts.socket);
    this.#socketClosed.then(() => {
      if (this.#closing === undefined) this.#lost.abort(this.#translate(lostError()));
    });
    this.#gone = this.#socketClosed.then(nextTask).then(() => {
      throw lostError();
    });
    this.#gone.catch(() => {});
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted) this.#abort();
  }

  get busy(): boolean {
    return this.#waiting > 0;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  query<Row = Record<string, unknown>>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const values = parameters.map((value) => Array.isArray(value) ? arrayLiteral(value) : value);
    return this.#exclusive(async () => {
      const rows = await this.#orGone(this.parts.sql.unsafe(sql, values as never[]));
      return [...rows] as Row[];
    });
  }

  execute(sql: string): Promise<void> {
    return this.#exclusive(async () => {
      await this.#orGone(this.parts.sql.unsafe(sql));
    });
  }

  async *copyOut(sql: string): AsyncGenerator<Uint8Array> {
    const release = await this.#acquire();
    let copy: CopyCommand<Readable> | undefined;
    let finished = false;
    try {
      copy = await this.#startCopy<Readable>(sql, "readable");
      yield* copyChunks(copy);
      finished = true;
    } catch (error) {
      finished = true;
      throw this.#translate(error);
    } finally {
      if (copy !== undefined && !finished) await this.#abandon(copy);
      this.#copying = false;
      release();
    }
  }

  async copyIn(sql: string, data: AsyncIterable<Uint8Array>): Promise<void> {
    const release = await this.#acquire();
    let fromSource: unknown;
    const watched = async function* () {
      try {
        yield* data;
      } catch (error) {
        fromSource = error;
        throw error;
      }
    };
    try {
      const copy = await this.#startCopy<Writable>(sql, "writable");
      await feedCopy(copy, watched());
    } catch (error) {
      throw error === fromSource ? error : this.#translate(error);
    } finally {
      this.#copying = false;
      release();
    }
  }

  async #startCopy<Stream extends Readable | Writable>(
    sql: string,
    direction: "readable" | "writable",
  ): Promise<CopyCommand<Stream>> {
    const copy = await this.#orGone(startCopy<Stream>(this.parts.sql, sql, direction));
    this.#copying = true;
    this.#gone.catch(copy.fail);
    // The driver pauses the socket when the stream is full, and forgets that when the COPY ends at that moment.
    const { socket } = this.parts;
    for (const name of ["end", "close"]) copy.stream.once(name, () => socket.resume());
    return copy;
  }

  /** The driver forgets a query when its socket is destroyed with an error: then the loss itself ends the wait. */
  #orGone<T>(result: PromiseLike<T>): Promise<T> {
    return Promise.race([result, this.#gone]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.signal?.removeEventListener("abort", this.#onAbort);
    await this.#aborting;
    const { socket, sql } = this.parts;
    if (!socket.destroyed) {
      if (this.busy) await this.#cancel();
      await within(sql.end({ timeout: GOODBYE / 1000 }), GOODBYE);
    }
    socket.destroy();
    await this.#gone.catch(() => {});
  }

  #abort(): void {
    this.#aborting ??= (async () => {
      if (this.busy) await this.#cancel();
      this.parts.socket.destroy();
      await this.#gone.catch(() => {});
    })();
  }

  async #cancel(): Promise<void> {
    await requestCancel(this.target, this.parts.cancelKey, this.encrypted);
  }

  /** Leaves a COPY TO early: cancelled on the server, the rest thrown away; the session is cut if that does not work. */
  async #abandon(copy: CopyCommand<Readable>): Promise<void> {
    const drained = drainCopy(copy);
    await this.#cancel();
    if (await within(drained, GOODBYE)) return;
    this.parts.socket.destroy();
    await this.#gone.catch(() => {});
  }

  async #exclusive<T>(run: () => Promise<T>): Promise<T> {
    const release = await this.#acquire();
    try {
      return await run();
    } catch (error) {
      throw this.#translate(error);
    } finally {
      release();
    }
  }

  /** Waits for its turn; gives the function that lets the next one in. */
  async #acquire(): Promise<() => void> {
    this.#throwIfUnusable();
    if (this.#copying) throw new PgstrataError("Cannot run statement: a COPY is running on this session");
    this.#waiting++;
    const turn = Promise.withResolvers<void>();
    const previous = this.#tail;
    this.#tail = turn.promise;
    const release = () => {
      this.#waiting--;
      turn.resolve();
    };
    await previous;
    try {
      this.#throwIfUnusable();
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  #throwIfUnusable(): void {
    this.signal?.throwIfAborted();
    if (this.#lost.signal.aborted) throw this.#lost.signal.reason;
    if (this.#closing !== undefined) throw new PgstrataError("Cannot run statement: the session is closed");
  }

  /** The error for a caller: the abort's reason, the loss of the connection, or the server's refusal. */
  #translate(error: unknown): unknown {
    if (this.signal?.aborted) return this.signal.reason;
    if (error instanceof PgstrataError) return error;
    const { sqlstate, severity, message, detail, hint } = serverFields(error);
    const text = (value: string | undefined) => value === undefined ? undefined : masked(value, this.target);
    const ends = severity === "FATAL" || severity === "PANIC";
    if (sqlstate !== undefined && !ends) {
      return new QueryError(sqlstate, masked(message, this.target), text(detail), text(hint));
    }
    if (sqlstate === undefined && codeOf(error) === "") return error;
    const { fatal } = this.parts.watch;
    const cause = fatal === undefined ? error : Object.assign(new Error(fatal.message), { code: fatal.code });
    return connectionError(cause, this.target, "keep the connection to");
  }
}

function serverFields(error: unknown): {
  sqlstate: string | undefined;
  severity: string | undefined;
  message: string;
  detail: string | undefined;
  hint: string | undefined;
} {
  const { severity, code, message, detail, hint } = error as Record<string, string | undefined>;
  return { sqlstate: severity === undefined ? undefined : code, severity, message: message ?? "", detail, hint };
}
