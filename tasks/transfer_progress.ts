import { counted } from "../lib/base/mod.ts";
import type { Clock } from "../lib/base/mod.ts";
import type { TransferEvent } from "../lib/storage/mod.ts";
import type { TaskContext } from "./command.ts";
import { ShareProgress } from "./share_progress.ts";

/** Shows how the bytes of a transfer are moved. */
export class TransferProgress implements Disposable {
  #total = 0;
  #moved = 0;
  #files = 0;
  readonly #progress: ShareProgress;

  /** @param title what is moved where to */
  constructor(title: string, private readonly context: Pick<TaskContext, "console">, clock: Clock) {
    this.#progress = new ShareProgress(title, context, clock);
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
    this.#progress.showBytes(this.#moved, this.#total, ` in ${counted(this.#files, "file")}`);
  }

  [Symbol.dispose](): void {
    this.#progress[Symbol.dispose]();
  }
}
