import { PgstrataError } from "../base/mod.ts";
import { runVerifyJob, type VerifyJob, type VerifyMessage, type VerifyResults } from "./verify_job.ts";

/** Does jobs in workers, or with a size of 0 in this thread: quicker for a few small files. */
export class VerifyPool implements Disposable {
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #waiting: (() => void)[] = [];
  readonly #onAbort = () => this[Symbol.dispose]();
  readonly #closed = new AbortController();

  constructor(
    private readonly size: number,
    private readonly signal: AbortSignal,
    private readonly onProgress: (bytes: number) => void,
  ) {
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /**
   * Has a job done.
   *
   * @throws {PgstrataError} if a file cannot be read
   */
  async run<J extends VerifyJob>(job: J): Promise<VerifyResults[J["type"]]> {
    this.signal.throwIfAborted();
    if (this.size === 0) return await runVerifyJob(job, this.signal, this.onProgress) as VerifyResults[J["type"]];
    const worker = await this.#take();
    try {
      return await this.#ask(worker, job) as VerifyResults[J["type"]];
    } finally {
      this.#idle.push(worker);
      this.#waiting.shift()?.();
    }
  }

  [Symbol.dispose](): void {
    this.signal.removeEventListener("abort", this.#onAbort);
    for (const worker of this.#all) worker.terminate();
    this.#all.clear();
    this.#closed.abort(this.signal.aborted ? this.signal.reason : new PgstrataError("Cannot verify: it was ended"));
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #take(): Promise<Worker> {
    while (true) {
      this.#closed.signal.throwIfAborted();
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
      if (this.#all.size < this.size) {
        const worker = new Worker(new URL("./verify_worker.ts", import.meta.url), { type: "module" });
        this.#all.add(worker);
        return worker;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #ask(worker: Worker, job: VerifyJob): Promise<VerifyResults[VerifyJob["type"]]> {
    const { promise, resolve, reject } = Promise.withResolvers<VerifyResults[VerifyJob["type"]]>();
    const closed = () => reject(this.#closed.signal.reason);
    this.#closed.signal.addEventListener("abort", closed, { once: true });
    worker.onmessage = ({ data }: MessageEvent<VerifyMessage>) => {
      if (data.type === "progress") return this.onProgress(data.bytes);
      this.#closed.signal.removeEventListener("abort", closed);
      if (data.type === "done") resolve(data.result);
      else reject(new PgstrataError("Cannot verify: a file cannot be read", { cause: new Error(data.message) }));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#closed.signal.removeEventListener("abort", closed);
      reject(new PgstrataError("Cannot verify: a worker broke", { cause: new Error(event.message) }));
    };
    worker.postMessage(job);
    return promise;
  }
}
