import { Limiter } from "../base/mod.ts";

/** Memory for one part, until it is given back. */
export interface PartBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  giveBack(): void;
}

/** As many buffers as there are jobs, used again and again: memory does not grow with the files. */
export class PartBuffers {
  readonly #limiter: Limiter;
  readonly #idle: Uint8Array<ArrayBuffer>[] = [];

  /** @param size bytes of a buffer */
  constructor(jobs: number, readonly size: number) {
    this.#limiter = new Limiter(jobs);
  }

  /** Waits for one. */
  async take(): Promise<PartBuffer> {
    return this.#buffer(await this.#limiter.enter());
  }

  /** One that is free now, if it is wanted. */
  takeFree(wanted: boolean): PartBuffer | null {
    const leave = wanted ? this.#limiter.tryEnter() : null;
    return leave === null ? null : this.#buffer(leave);
  }

  #buffer(leave: () => void): PartBuffer {
    const bytes = this.#idle.pop() ?? new Uint8Array(this.size);
    return {
      bytes,
      giveBack: () => {
        this.#idle.push(bytes);
        leave();
      },
    };
  }
}
