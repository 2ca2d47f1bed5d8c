import type { Comparison } from "./comparison.ts";
import type { RestoreDeps, RestoreOptions, RestorePhase, Tier } from "./options.ts";
import type { LeftOut, Overwritten, PreflightCheck, Way } from "./plan.ts";
import { type RestoreReport, type RestoreStep, UNTOUCHED } from "./report.ts";
import type { RolesOutcome } from "./restore_roles.ts";

/** What a restore notes while it runs; a report can be made of it at any time. */
export class Logbook {
  readonly #startedAt: Date;
  readonly #durations: Record<string, number> = {};
  readonly #steps: RestoreStep[] = [];
  readonly #warnings: string[] = [];
  readonly #todo: string[] = [];
  #phase: { readonly name: RestorePhase; readonly since: number } | null = null;
  way: Way | null = null;
  tier: Tier | null = null;
  environment = "";
  target = "";
  database = "";
  targetState: string = UNTOUCHED;
  preflight: readonly PreflightCheck[] = [];
  overwritten: readonly Overwritten[] = [];
  entries = 0;
  roles: RolesOutcome | null = null;
  leftOut: readonly LeftOut[] = [];
  notGranted: readonly string[] = [];
  ownersNotSet: readonly { readonly owner: string; readonly objects: number }[] = [];
  widened: readonly string[] = [];
  comparison: Comparison | null = null;
  safetyBackup: string | null = null;
  previousDatabase: string | null = null;
  undo: string | null = null;
  /** `--create-db` has made the target's database. */
  createdDatabase = false;
  /** Something was found that is not as in the backup, besides what the comparison says. */
  differs = false;
  /** What is still to come, in order. */
  ahead: string[] = [];

  constructor(private readonly options: RestoreOptions, private readonly deps: RestoreDeps) {
    this.#startedAt = deps.clock.now();
    this.environment = options.target.environment;
    this.database = options.target.database;
  }

  begin(phase: RestorePhase): void {
    this.#close();
    this.#phase = { name: phase, since: this.deps.clock.monotonic() };
    this.deps.onEvent({ type: "phase", phase });
  }

  /** Notes a step that was taken to its end; it is not ahead any more. */
  done(step: string, state?: string): void {
    this.#steps.push({ at: this.deps.clock.now().toISOString(), done: step });
    if (state !== undefined) this.targetState = state;
  }

  warn(message: string): void {
    if (this.#warnings.includes(message)) return;
    this.#warnings.push(message);
    this.deps.onEvent({ type: "warning", message });
  }

  notice(message: string): void {
    this.deps.onEvent({ type: "notice", message });
  }

  /** Something that is left to a person. */
  leave(task: string): void {
    this.#todo.push(task);
  }

  report(status: RestoreReport["status"]): RestoreReport {
    this.#close();
    return {
      version: 1,
      backup: this.options.backup ?? this.options.folder,
      target: this.target,
      environment: this.environment,
      database: this.database,
      way: this.way,
      tier: this.tier,
      status,
      startedAt: this.#startedAt.toISOString(),
      finishedAt: this.deps.clock.now().toISOString(),
      durations: { ...this.#durations },
      steps: [...this.#steps],
      notDone: status === "failed" ? [...this.ahead] : [],
      targetState: this.targetState,
      preflight: this.preflight,
      overwritten: this.overwritten,
      entries: this.entries,
      roles: this.roles,
      leftOut: this.leftOut,
      notGranted: this.notGranted,
      ownersNotSet: this.ownersNotSet,
      widened: this.widened,
      comparison: this.comparison,
      safetyBackup: this.safetyBackup,
      previousDatabase: this.previousDatabase,
      undo: this.undo,
      warnings: [...this.#warnings],
      todo: [...this.#todo],
    };
  }

  #close(): void {
    if (this.#phase === null) return;
    const { name, since } = this.#phase;
    this.#durations[name] = (this.#durations[name] ?? 0) + Math.round(this.deps.clock.monotonic() - since);
    this.#phase = null;
  }
}
