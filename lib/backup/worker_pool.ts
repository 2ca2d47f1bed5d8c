import { noRoomError, PgstrataError } from "../base/mod.ts";
import type { Job, JobResults, WorkerMessage } from "./split_protocol.ts";

interface Task {
  readonly job: Job;
  readonly onProgress: (bytes: number) => void;
  readonly resolve: (result: JobResults[Job["type"]]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Workers that take jobs in the order they come. A worker is started when it is first needed; all end with the pool,
 * and jobs that are not finished then reject.
 */
export class WorkerPool implements Disposable {
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Task>();
  readonly #waiting: Task[] = [];
  #closed = false;

  /** @param size most workers at a time */
  constructor(readonly size: number) {}

  /** Jobs that wait for a worker. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Workers with nothing to do. */
  get free(): number {
    return this.size - this.#busy.size - this.#waiting.length;
  }

  /**
   * Has a job done.
   *
   * @throws {PgstrataError} code `no_room` if the disk is full, `failed` otherwise
   */
  async run<J extends Job>(job: J, onProgress: (bytes: number) => void = () => {}): Promise<JobResults[J["type"]]> {
    if (this.#closed) throw new PgstrataError("Cannot take a job: the workers have ended");
    const done = Promise.withResolvers<JobResults[Job["type"]]>();
    this.#waiting.push({ job, onProgress, resolve: done.resolve, reject: done.reject });
    this.#dispatch();
    return await done.promise as JobResults[J["type"]];
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    const left = [...this.#busy.values(), ...this.#waiting.splice(0)];
    for (const worker of [...this.#idle.splice(0), ...this.#busy.keys()]) worker.terminate();
    this.#busy.clear();
    for (const task of left) task.reject(new PgstrataError("Cannot finish a job: the workers have ended"));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#idle.pop() ?? (this.#busy.size < this.size ? this.#start() : undefined);
      const task = worker && this.#waiting.shift();
      if (worker === undefined || task === undefined) return;
      this.#busy.set(worker, task);
      worker.postMessage(task.job);
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL("./split_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      const task = this.#busy.get(worker);
      if (task === undefined) return;
      if (data.type === "progress") return task.onProgress(data.bytes);
      this.#busy.delete(worker);
      this.#idle.push(worker);
      if (data.type === "done") task.resolve(data.result);
      else if (data.noRoom) task.reject(noRoomError("Cannot write the backup: no space left", new Error(data.message)));
      else {task.reject(
          new PgstrataError("Cannot write the backup: a worker failed", { cause: new Error(data.message) }),
        );}
      this.#dispatch();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const task = this.#busy.get(worker);
      this.#busy.delete(worker);
      worker.terminate();
      task?.reject(new PgstrataError("Cannot write the backup: a worker broke", { cause: new Error(event.message) }));
      this.#dispatch();
    };
    return worker;
  }
}
