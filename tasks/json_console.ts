import { type Clock, errorDocument, type PgstrataError, systemClock } from "../lib/base/mod.ts";
import { Console, type ConsoleOptions } from "./console.ts";

/** How much a line matters. */
export type LogLevel = "info" | "warning" | "error";

/**
 * What pgstrata says as a log for programs: one JSON object a line on standard error (`--log-json`), with `time`, `level`,
 * `message`, and `error` or `event` with its facts. Nothing is drawn. Results go to standard output as always.
 */
export class JsonConsole extends Console {
  readonly #clock: Clock;
  readonly #debugging: boolean;

  constructor(options: ConsoleOptions & { readonly clock?: Clock }) {
    super({ ...options, stderr: { ...options.stderr, isTerminal: false } });
    this.#clock = options.clock ?? systemClock;
    this.#debugging = options.debug ?? false;
  }

  override get structured(): boolean {
    return true;
  }

  override say(text: string): void {
    if (!this.quiet) this.#line("info", text);
  }

  override note(text: string): void {
    this.say(text);
  }

  override warn(text: string): void {
    this.#line("warning", text);
  }

  override error(error: PgstrataError): void {
    const stack = this.#debugging && error.stack !== undefined ? { stack: error.stack } : {};
    this.#line("error", error.message, { error: { ...errorDocument(error), ...stack } });
  }

  override event(name: string, facts: Readonly<Record<string, unknown>>): void {
    this.#line("info", name, { event: name, ...facts });
  }

  #line(level: LogLevel, message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    const line = { time: this.#clock.now().toISOString(), level, message: message.trim(), ...facts };
    this.stderr.write(`${JSON.stringify(line, (_, value) => typeof value === "string" ? this.mask(value) : value)}\n`);
  }
}
