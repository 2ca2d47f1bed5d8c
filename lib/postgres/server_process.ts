import { join } from "@std/path";
import { messageOf, PgstrataError } from "../base/mod.ts";
import { runProcess } from "../system/mod.ts";
import { dyingWithUs, poll, readPostmaster, signalProcess } from "./postmaster.ts";
import type { ServerUser } from "./server_user.ts";
import { isFile, type ToolSet } from "./tool_set.ts";

/** Lines of the server's log that are kept. */
const LOG_LINES = 2_000;

/** Milliseconds a server gets to accept connections. */
const START_DEADLINE = 60_000;

/** Milliseconds a server gets to shut down before it is killed. */
const STOP_DEADLINE = 60_000;

/** Milliseconds a process that ends waits for its server. */
const SYNC_STOP_DEADLINE = 2_000;

/** How a server shuts down: waits for clients, ends them, or just stops (recovery at the next start). */
export type StopMode = "smart" | "fast" | "immediate";

const STOP_SIGNALS: Readonly<Record<StopMode, Deno.Signal>> = {
  smart: "SIGTERM",
  fast: "SIGINT",
  immediate: "SIGQUIT",
};

/** The server process in the foreground, as our child. */
export class ServerProcess {
  readonly #abort = new AbortController();
  readonly #run: Promise<unknown>;
  #ended = false;

  /** @param log where its log lines are added */
  constructor(
    tools: ToolSet,
    private readonly dataFolder: string,
    user: ServerUser | null,
    private readonly log: string[],
  ) {
    this.#run = runProcess({
      ...dyingWithUs(tools.program("postgres"), ["-D", dataFolder]),
      cwd: "/",
      signal: this.#abort.signal,
      onStderr: (line) => {
        this.log.push(line);
        if (this.log.length > LOG_LINES) this.log.splice(0, LOG_LINES / 2);
      },
      ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    }).catch((error) => error).finally(() => this.#ended = true);
  }

  /** Whether the process has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Resolves when the server accepts connections (as pg_ctl sees it: `postmaster.pid` says so).
   *
   * @throws {PgstrataError} with the end of the server's log
   */
  async ready(): Promise<void> {
    let status = "";
    const inTime = await poll(START_DEADLINE, async () => {
      if (this.#ended) return true;
      status = (await readPostmaster(this.dataFolder))?.status ?? "";
      return status === "ready";
    });
    if (inTime && !this.#ended) return;
    const state = this.#ended ? "it ended while starting" : `it was not ready after ${START_DEADLINE / 1000} s`;
    await this.kill();
    throw new PgstrataError(`Cannot start a disposable server: ${state}`, {
      cause: new Error(this.log.slice(-30).join("\n") || messageOf(await this.#run)),
      context: { folder: this.dataFolder },
    });
  }

  /** Shuts down and resolves when the process has ended; kills it when that takes over a minute. */
  async stop(mode: StopMode): Promise<void> {
    if (this.#ended) return;
    const pid = (await readPostmaster(this.dataFolder))?.pid;
    if (pid === undefined || !signalProcess(pid, STOP_SIGNALS[mode])) return await this.kill();
    if (!(await poll(STOP_DEADLINE, () => Promise.resolve(this.#ended)))) await this.kill();
  }

  /** Shuts down at once, blocking until the server has said goodbye: for the last moment of a process. */
  stopSync(): void {
    const file = join(this.dataFolder, "postmaster.pid");
    if (this.#ended || !isFile(file)) return;
    const pid = Number(Deno.readTextFileSync(file).split("\n")[0]);
    if (!(pid > 1) || !signalProcess(pid, "SIGQUIT")) return;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; waited < SYNC_STOP_DEADLINE && isFile(file); waited += 5) Atomics.wait(pause, 0, 0, 5);
  }

  /** SIGKILL to the postmaster, as a crash would do; resolves when it has ended. */
  async kill(): Promise<void> {
    const pid = (await readPostmaster(this.dataFolder))?.pid;
    if (!this.#ended && pid !== undefined) signalProcess(pid, "SIGKILL");
    else this.#abort.abort(new Error("stopped while starting"));
    await this.#run;
  }
}
