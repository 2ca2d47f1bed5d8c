import { type Clock, systemClock, toPgstrataError } from "../lib/base/mod.ts";
import {
  noticeFailure,
  pingEnd,
  pingStart,
  type PostOptions,
  type RunOutcome,
  sendWebhook,
  writeMetricsFile,
} from "../lib/notice/mod.ts";
import type { BackupOutcome } from "./backup_document.ts";
import type { Console } from "./console.ts";
import type { NoticePlan } from "./notify_plan.ts";
import { runOutcome } from "./notify_outcome.ts";

/** What a {@linkcode Notifier} is made of. */
export interface NotifierOptions {
  readonly plan: NoticePlan;
  readonly console: Console;
  readonly label: string | null;
  /** The folder with the backups. */
  readonly shelf: string;
  readonly clock?: Clock;
  /** Patience with receivers; tests have less. */
  readonly post?: PostOptions;
}

/** Patience once somebody has asked us to stop. */
const HURRY: PostOptions = { timeout: 3_000, retry: { attempts: 1, firstWait: 1, longestWait: 1 } };

/** Tells others how a run goes. What cannot be told is said on the console, and changes nothing else. */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #runId = crypto.randomUUID();
  readonly #outcomes: RunOutcome[] = [];

  constructor(options: NotifierOptions) {
    this.#options = options;
    options.console.hide(options.plan.secrets);
    for (const text of options.plan.warnings) options.console.warn(text);
  }

  /** Tells that a run begins. */
  async begin(): Promise<void> {
    const { plan: { ping }, post } = this.#options;
    if (ping !== null) await this.#try(() => pingStart({ url: ping, runId: this.#runId }, "backup", post));
  }

  /** Tells how one environment's run ended, at once: the next one may take hours. */
  async add(outcome: BackupOutcome, startedAt: Date, signal: AbortSignal): Promise<void> {
    const { plan, console, label, shelf, clock = systemClock } = this.#options;
    const told = await runOutcome(outcome, { label, shelf, startedAt, clock });
    this.#outcomes.push(told);
    console.event("run_finished", { ...told });
    const { metricsFile } = plan;
    if (metricsFile !== null) await this.#try(() => writeMetricsFile(metricsFile, told, clock.now()));
    await Promise.all(
      plan.webhooks.filter(({ on }) => on.has(told.status))
        .map((webhook) => this.#try(() => sendWebhook(webhook, told, this.#patience(signal)))),
    );
  }

  /** Tells how the whole run ended. */
  async end(signal: AbortSignal): Promise<void> {
    const { ping } = this.#options.plan;
    if (ping === null) return;
    await this.#try(() => pingEnd({ url: ping, runId: this.#runId }, this.#outcomes, this.#patience(signal)));
  }

  /** Does what must succeed before anything can be backed up; a failure is told, then thrown. */
  async guard<T>(environment: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const startedAt = (this.#options.clock ?? systemClock).now();
    try {
      return await work();
    } catch (thrown) {
      const error = this.#options.console.errorDocument(toPgstrataError(thrown));
      await this.add({ environment, error }, startedAt, signal);
      await this.end(signal);
      throw thrown;
    }
  }

  #patience(signal: AbortSignal): PostOptions | undefined {
    return signal.aborted ? HURRY : this.#options.post;
  }

  async #try(tell: () => Promise<void>): Promise<void> {
    try {
      await tell();
    } catch (error) {
      this.#options.console.warn(`${noticeFailure(error)}; this changes nothing about the backup`);
    }
  }
}
