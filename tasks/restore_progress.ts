import type { Clock } from "../lib/base/mod.ts";
import type { RestoreEvent } from "../lib/restore/mod.ts";
import type { TaskContext } from "./command.ts";
import { ShareProgress } from "./share_progress.ts";

const PHASES: Readonly<Record<Extract<RestoreEvent, { type: "phase" }>["phase"], string>> = {
  connect: "connecting",
  verify: "checking the backup's files",
  plan: "looking at the target",
  safety_backup: "backing up the present state",
  roles: "creating roles that are missing",
  load: "restoring",
  finish: "owners, privileges, statistics",
  compare: "comparing with the backup",
  swap: "renaming the databases",
};

/** Says what a restore does, and shows how much of it is loaded. */
export class RestoreProgress implements Disposable {
  #loading: ShareProgress | null = null;
  #objects = 0;
  #total = 0;

  constructor(private readonly context: Pick<TaskContext, "console" | "verbose">, private readonly clock: Clock) {}

  /** Takes an event of the restore. */
  tell(event: RestoreEvent): void {
    const { console, verbose } = this.context;
    switch (event.type) {
      case "planned":
        this.#total = event.objects;
        return;
      case "phase":
        this.end();
        console.say(PHASES[event.phase]);
        if (event.phase === "load") this.#loading = new ShareProgress(PHASES.load, this.context, this.clock);
        return;
      case "notice":
        return console.note(event.message);
      case "warning":
        return console.warn(event.message);
      case "item":
        if (verbose) console.note(`  ${event.text}`);
        this.#objects = Math.min(this.#total, this.#objects + 1);
        if (this.#total > 0) this.#loading?.showCount(this.#objects, this.#total, "objects");
        return;
      default:
        event satisfies never;
    }
  }

  /** Removes the display. */
  end(): void {
    this.#loading?.[Symbol.dispose]();
    this.#loading = null;
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
