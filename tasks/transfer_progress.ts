import { type Clock, sizeText } from "../lib/base/mod.ts";
import type { TransferEvent } from "../lib/storage/mod.ts";
import type { TaskContext } from "./command.ts";

/** Milliseconds between two redraws. */
const REDRAW = 200;

/** Milliseconds between two lines where there is no terminal. */
const LINES = 30_000;

/** Shows how bytes are moved: a line that is redrawn on a terminal, now and then a line elsewhere. */
export class TransferProgress implements Disposable {
  #total = 0;
  #moved = 0;
  #files = 0;
  #drawn = false;
  #next: number;
  readonly #begun: number;

  /** @param title what is moved where to */
  constructor(
    private readonly title: string,
    private readonly context: Pick<TaskContext, "console">,
    private readonly clock: Clock,
  ) {
    this.#begun = clock.monotonic();
    this.#next = this.#begun + (this.#isLive ? REDRAW : LINES);
    if (this.#isLive) context.console.live = { clear: () => this.#clear() };
  }

  /** Takes an event of the transfer. */
  tell(event: TransferEvent): void {
    switch (event.type) {
      case "planned":
        this.#total = event.bytes;
        this.#files = event.files;
        break;
      case "moved":
        this.#moved = Math.min(this.#total, this.#moved + event.bytes);
        break;
      case "notice":
        return this.context.console.note(event.message);
      case "file":
        break;
      default:
        event satisfies never;
    }
    this.#show();
  }

  [Symbol.dispose](): void {
    this.#clear();
    if (this.#isLive) this.context.console.live = null;
  }

  get #isLive(): boolean {
    return this.context.console.stderr.isTerminal && !this.context.console.quiet;
  }

  #show(): void {
    const now = this.clock.monotonic();
    if (now < this.#next) return;
    const share = this.#total === 0 ? 100 : Math.floor(100 * this.#moved / this.#total);
    const seconds = Math.max(0.001, (now - this.#begun) / 1000);
    const text = `${this.title}: ${share}%, ${sizeText(this.#moved)} of ${sizeText(this.#total)} in ${this.#files} ` +
      `files, ${sizeText(Math.round(this.#moved / seconds))}/s`;
    if (this.#isLive) {
      this.#clear();
      this.context.console.stderr.write(text.slice(0, this.context.console.stderr.columns() - 1));
      this.#drawn = true;
      this.#next = now + REDRAW;
    } else {
      this.context.console.say(text);
      this.#next = now + LINES;
    }
  }

  #clear(): void {
    if (this.#drawn) this.context.console.stderr.write("\r\x1b[K");
    this.#drawn = false;
  }
}
