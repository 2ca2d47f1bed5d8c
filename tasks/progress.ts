import type { BackupEvent } from "../lib/backup/mod.ts";
import type { Clock } from "../lib/base/mod.ts";
import type { TaskContext } from "./command.ts";
import { progressAfter, progressStart, type ProgressState } from "./progress_state.ts";
import { phaseLine, planLine, progressFrame, progressLine, tableLine } from "./progress_text.ts";

/** Milliseconds between two redraws: at most ten a second. */
const REDRAW = 100;

/** Milliseconds between two lines where there is no terminal: soon at first, seldom later. */
const FIRST_LINE = 10_000;
const LATER_LINES = 30_000;

/** What a {@linkcode Progress} needs of the task's context. */
export type ProgressContext = Pick<TaskContext, "console" | "verbose">;

/**
 * Shows how a backup goes on: a live display on a terminal, now and then a line elsewhere,
 * nothing with `--quiet`. Warnings and notices are said at once.
 */
export class Progress {
  #state: ProgressState;
  #drawn = 0;
  #lastDraw = -Infinity;
  #nextLine: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #ended = false;

  constructor(
    readonly environment: string,
    private readonly context: ProgressContext,
    private readonly clock: Clock,
  ) {
    const now = clock.monotonic();
    this.#state = progressStart(now);
    this.#nextLine = now + FIRST_LINE;
    if (this.#isLive) {
      context.console.live = { clear: () => this.#clear() };
      // The clock and the rate go on while nothing is told.
      this.#timer = setInterval(() => this.#draw(), 500);
    }
  }

  /** Takes an event of the backup. */
  tell(event: BackupEvent): void {
    if (this.#ended) return;
    const { console, verbose } = this.context;
    const now = this.clock.monotonic();
    const before = this.#state;
    this.#state = progressAfter(before, event, now);
    if (event.type === "warning") console.warn(event.message);
    else if (event.type === "notice") console.note(event.message);
    else if (event.type === "table_done" && verbose) console.say(tableLine(this.environment, event));
    if (this.#isLive) {
      if (now - this.#lastDraw >= REDRAW || event.type === "phase") this.#draw();
    } else this.#log(event, before, now);
  }

  /** Removes the display; nothing is shown after that. May be called more than once. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#clear();
    if (this.#isLive) this.context.console.live = null;
  }

  get #isLive(): boolean {
    const { console } = this.context;
    return console.stderr.isTerminal && !console.quiet;
  }

  #log(event: BackupEvent, before: ProgressState, now: number): void {
    const { console } = this.context;
    if (event.type === "planned") console.say(planLine(this.environment, this.#state));
    else if (event.type === "phase") {
      if (event.phase !== before.phase) console.say(phaseLine(this.environment, this.#state));
    } else if (now >= this.#nextLine) {
      console.say(progressLine(this.environment, this.#state, now));
      this.#nextLine = now + LATER_LINES;
    }
  }

  #draw(): void {
    if (this.#ended) return;
    const { stderr, paint } = this.context.console;
    const now = this.clock.monotonic();
    const size = { columns: stderr.columns(), rows: Math.max(1, stderr.rows() - 1), paint };
    const lines = progressFrame(this.environment, this.#state, now, size);
    stderr.write(erase(this.#drawn) + lines.join("\n") + "\n");
    this.#drawn = lines.length;
    this.#lastDraw = now;
  }

  #clear(): void {
    if (this.#drawn === 0) return;
    this.context.console.stderr.write(erase(this.#drawn));
    this.#drawn = 0;
  }
}

/** Moves to the first of the lines drawn last and clears from there to the end of the screen. */
function erase(lines: number): string {
  return lines === 0 ? "" : `\x1b[${lines}A\r\x1b[J`;
}
