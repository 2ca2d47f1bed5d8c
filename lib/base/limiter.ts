/** Lets only so many pieces of work run at the same time, in the order they came. */
export class Limiter {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(jobs: number) {
    this.#free = Math.max(1, jobs);
  }

  /** Waits for a place; the answer gives it back. */
  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#place();
  }

  /** Takes a place if there is one now; null otherwise. */
  tryEnter(): (() => void) | null {
    if (this.#free === 0) return null;
    this.#free--;
    return this.#place();
  }

  #place(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }

  /** Does something in a place. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }
}
