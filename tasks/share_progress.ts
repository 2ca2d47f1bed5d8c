import { type Clock, countText, sizeText } from "../lib/base/mod.ts";
import type { TaskContext } from "./command.ts";

/** Milliseconds between two redraws. */
const REDRAW = 200;

/** Milliseconds between two lines where there is no terminal. */
const LINES = 30_000;

/** Shows how far a work is: a line that is redrawn on a terminal, now and then a line elsewhere. */
export class ShareProgress implements Disposable {
  #drawn = false;
  #next: number;
  readonly #begun: number;

  /** @param title what is done */
  constructor(
    private readonly title: string,
    private readonly context: Pick<TaskContext, "console">,
    private readonly clock: Clock,
  ) {
    this.#begun = clock.monotonic();
    this.#next = this.#begun + (this.#isLive ? REDRAW : LINES);
    if (this.#isLive) context.console.live = { clear: () => this.#clear() };
  }

  /**
   * Shows bytes done of all, if it is time to.
   *
   * @param detail what stands after the sizes, such as ` in 12 files`
   */
  showBytes(done: number, total: number, detail = ""): void {
    this.#show(done, total, () => {
      const seconds = Math.max(0.001, (this.clock.monotonic() - this.#begun) / 1000);
      const rate = sizeText(Math.round(done / seconds));
      return `${sizeText(done)} of ${sizeText(total)}${detail}, ${rate}/s`;
    });
  }

  /** Shows how many of all things are done, if it is time to. */
  showCount(done: number, total: number, name: string): void {
    this.#show(done, total, () => `${countText(done)} of ${countText(total)} ${name}`);
  }

  [Symbol.dispose](): void {
    this.#clear();
    if (this.#isLive) this.context.console.live = null;
  }

  get #isLive(): boolean {
    return this.context.console.stderr.isTerminal && !this.context.console.quiet;
  }

  #show(done: number, total: number, figures: () => string): void {
    const now = this.clock.monotonic();
    if (now < this.#next) return;
    const share = total === 0 ? 100 : Math.floor(100 * Math.min(1, done / total));
    const text = `${this.title}: ${share}%, ${figures()}`;
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
