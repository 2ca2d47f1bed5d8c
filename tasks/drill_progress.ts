import type { Clock } from "../lib/base/mod.ts";
import type { Manifest } from "../lib/catalog/mod.ts";
import type { DrillEvent } from "../lib/verify/mod.ts";
import type { TaskContext } from "./command.ts";
import { ShareProgress } from "./share_progress.ts";

/** Says what a drill does, and shows how far it is. */
export class DrillProgress implements Disposable {
  #progress: ShareProgress | null = null;

  constructor(
    private readonly manifest: Manifest,
    private readonly context: Pick<TaskContext, "console">,
    private readonly clock: Clock,
  ) {}

  /** Takes an event of the drill. */
  tell(event: DrillEvent): void {
    switch (event.type) {
      case "notice":
        return this.context.console.note(event.message);
      case "phase":
        return this.#begin(event);
      case "restored":
        return this.#progress?.showCount(event.objects, event.total, "objects");
      case "compared":
        return this.#progress?.showBytes(event.bytes, this.#bytes);
      default:
        event satisfies never;
    }
  }

  /** Removes the display. */
  end(): void {
    this.#progress?.[Symbol.dispose]();
    this.#progress = null;
  }

  [Symbol.dispose](): void {
    this.end();
  }

  get #bytes(): number {
    return this.manifest.tables.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  }

  #begin({ phase, tier }: DrillEvent & { readonly type: "phase" }): void {
    this.end();
    const named = tier === null ? "" : ` the ${tier} tier`;
    const words = { server: "starting a server", restore: `restoring${named}`, compare: `comparing${named}` };
    this.context.console.say(`drill: ${words[phase]}`);
    this.#progress = new ShareProgress(`drill: ${words[phase]}`, this.context, this.clock);
  }
}
