import { type ErrorDocument, errorDocument, errorText, type PgstrataError, type Secret } from "../lib/base/mod.ts";
import { maskText } from "./mask_text.ts";
import type { Output } from "./output.ts";
import { type Paint, paintFor, PLAIN } from "./paint.ts";

/** How a {@linkcode Console} behaves. */
export interface ConsoleOptions {
  /** For results. */
  readonly stdout: Output;
  /** For people. */
  readonly stderr: Output;
  readonly quiet?: boolean;
  readonly debug?: boolean;
  /** `NO_COLOR` is set. */
  readonly noColour?: boolean;
}

/** What pgstrata says: results to standard output, everything a person reads to standard error. */
export class Console {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly quiet: boolean;
  /** Marks for what goes to standard error. */
  readonly paint: Paint;
  readonly #debug: boolean;
  readonly #noColour: boolean;
  readonly #secrets: Secret[] = [];
  #live: { clear(): void } | null = null;

  constructor(options: ConsoleOptions) {
    this.stdout = options.stdout;
    this.stderr = options.stderr;
    this.quiet = options.quiet ?? false;
    this.#debug = options.debug ?? false;
    this.#noColour = options.noColour ?? false;
    this.paint = options.stderr.isTerminal && !this.#noColour ? paintFor(true) : PLAIN;
  }

  /** Marks for what goes to standard output. */
  get resultPaint(): Paint {
    return this.stdout.isTerminal && !this.#noColour ? paintFor(true) : PLAIN;
  }

  /** Masks these in everything that is said from now on. */
  hide(secrets: readonly Secret[]): void {
    this.#secrets.push(...secrets);
  }

  /** Something drawn that has to go before a line is written; null when it has ended. */
  set live(display: { clear(): void } | null) {
    this.#live = display;
  }

  /** A line for people; not with `--quiet`. */
  say(text: string): void {
    if (!this.quiet) this.#person(text);
  }

  /** A line for people, of text that others may have written: masked. Not with `--quiet`. */
  note(text: string): void {
    if (!this.quiet) this.#person(this.mask(text));
  }

  /** A warning; also with `--quiet`. */
  warn(text: string): void {
    const [first = "", ...rest] = this.mask(text).split("\n");
    this.#person([`${this.paint.yellow("warning:")} ${first}`, ...rest.map((line) => `         ${line}`)].join("\n"));
  }

  /** An error; also with `--quiet`. A stack trace only with `--debug`. */
  error(error: PgstrataError): void {
    const text = this.mask(errorText(error, this.#debug))
      .replace(/^error:/, this.paint.bold(this.paint.red("error:")))
      .replaceAll(/^(cause|hint):/gm, (word) => word === "hint:" ? this.paint.green(word) : this.paint.dim(word));
    this.#person(text);
  }

  /** Whether what is said is a log for programs; see `JsonConsole`. */
  get structured(): boolean {
    return false;
  }

  /** Something that happened, for logs of programs; people are told in other words. */
  event(_name: string, _facts: Readonly<Record<string, unknown>>): void {}

  /** A result, as text. */
  result(text: string): void {
    this.#live?.clear();
    this.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  /** A result, as the one JSON document of `--json`. */
  document(value: unknown): void {
    this.result(JSON.stringify(value, null, 2));
  }

  /** An error as it stands in a JSON document: masked. */
  errorDocument(error: PgstrataError): ErrorDocument {
    const document = errorDocument(error);
    const { message, causes, context, hint } = document;
    return {
      ...document,
      message: this.mask(message),
      causes: causes.map((cause) => this.mask(cause)),
      context: Object.fromEntries(
        Object.entries(context).map(([name, value]) => [name, typeof value === "string" ? this.mask(value) : value]),
      ),
      hint: hint === null ? null : this.mask(hint),
    };
  }

  /** Text without the secrets that were handed to {@linkcode hide}, nor passwords in connection strings. */
  mask(text: string): string {
    return maskText(text, this.#secrets);
  }

  #person(text: string): void {
    this.#live?.clear();
    this.stderr.write(`${text}\n`);
  }
}
