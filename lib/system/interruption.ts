import { PgstrataError } from "../base/mod.ts";

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Turns SIGINT, SIGTERM and SIGHUP into an abort with an error of code `interrupted` (exit 130),
 * so that children are stopped and partial files removed on the ordinary way out.
 */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners = new Map<Deno.Signal, () => void>();

  constructor() {
    for (const signal of SIGNALS) {
      const listener = () =>
        this.#controller.abort(
          new PgstrataError(`Cannot finish: interrupted by ${signal}`, { code: "interrupted" }),
        );
      this.#listeners.set(signal, listener);
      Deno.addSignalListener(signal, listener);
    }
  }

  /** Aborted when a signal has come. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
