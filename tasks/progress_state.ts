import type { BackupEvent } from "../lib/backup/mod.ts";

/** A table that is being read. */
export interface ActiveTable {
  readonly schema: string;
  readonly table: string;
  /** Size on the server, bytes. */
  readonly totalBytes: number;
  /** COPY bytes so far. */
  readonly bytes: number;
}

/** How far the reading was at a moment. */
interface Sample {
  /** Milliseconds, monotonic. */
  readonly at: number;
  /** Server bytes done. */
  readonly done: number;
  /** COPY bytes read. */
  readonly read: number;
}

/** What a running backup has told so far. */
export interface ProgressState {
  readonly phase: "connect" | "lock" | "read" | "frame" | "seal";
  readonly startedAt: number;
  /** Null until the table of contents is known. */
  readonly plan: { readonly tables: number; readonly bytes: number; readonly schemas: number } | null;
  readonly tablesDone: number;
  /** Server bytes of tables that are done. */
  readonly bytesDone: number;
  /** COPY bytes of tables that are done. */
  readonly bytesRead: number;
  readonly rows: number;
  /** By qualified name, the first begun first. */
  readonly active: Map<string, ActiveTable>;
  /** The most that {@linkcode serverBytesDone} has been: a bar does not go back. */
  readonly best: number;
  /** Of the last seconds, oldest first. */
  readonly samples: readonly Sample[];
}

/** Milliseconds over which rate and time left are measured. */
const WINDOW = 10_000;

/** Least milliseconds between two samples. */
const SAMPLE_GAP = 250;

/** The state before the first event. */
export function progressStart(now: number): ProgressState {
  return {
    phase: "connect",
    startedAt: now,
    plan: null,
    tablesDone: 0,
    bytesDone: 0,
    bytesRead: 0,
    rows: 0,
    active: new Map(),
    best: 0,
    samples: [],
  };
}

/** The state after an event. */
export function progressAfter(state: ProgressState, event: BackupEvent, now: number): ProgressState {
  return sampled(applied(state, event), now);
}

function applied(state: ProgressState, event: BackupEvent): ProgressState {
  switch (event.type) {
    case "phase":
      return { ...state, phase: event.phase };
    case "planned":
      return { ...state, plan: { tables: event.tables, bytes: event.totalBytes, schemas: event.schemas.length } };
    case "table_started": {
      const { schema, table, totalBytes } = event;
      return withActive(state, event, { schema, table, totalBytes, bytes: 0 });
    }
    case "table_progress": {
      const known = state.active.get(keyOf(event));
      const { schema, table, bytes } = event;
      return withActive(state, event, { schema, table, totalBytes: known?.totalBytes ?? 0, bytes });
    }
    case "table_done":
      return {
        ...withActive(state, event, null),
        tablesDone: state.tablesDone + 1,
        bytesDone: state.bytesDone + event.totalBytes,
        bytesRead: state.bytesRead + event.bytes,
        rows: state.rows + event.rows,
      };
    case "notice":
    case "warning":
      return state;
  }
}

function withActive(
  state: ProgressState,
  event: { readonly schema: string; readonly table: string },
  table: ActiveTable | null,
): ProgressState {
  // Thousands of small tables may be in flight: the map goes on from state to state.
  const active = state.active;
  if (table === null) active.delete(keyOf(event));
  else active.set(keyOf(event), table);
  return { ...state };
}

function keyOf({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return JSON.stringify([schema, table]);
}

function sampled(state: ProgressState, now: number): ProgressState {
  const best = Math.max(state.best, serverBytesDone(state));
  const last = state.samples.at(-1);
  if (last !== undefined && now - last.at < SAMPLE_GAP) return { ...state, best };
  const sample = { at: now, done: best, read: copyBytes(state) };
  return { ...state, best, samples: [...state.samples.filter(({ at }) => now - at <= WINDOW), sample] };
}

/** COPY bytes read so far, tables in flight included. */
export function copyBytes(state: ProgressState): number {
  return [...state.active.values()].reduce((sum, { bytes }) => sum + bytes, state.bytesRead);
}

/**
 * Server bytes done: of finished tables in full, of those in flight in proportion. COPY text is not as
 * long as the table on the server (indexes, compression), so the proportion of the finished ones is used.
 */
function serverBytesDone(state: ProgressState): number {
  const ratio = state.bytesDone > 0 && state.bytesRead > 0 ? state.bytesDone / state.bytesRead : 1;
  return [...state.active.values()]
    .reduce((sum, { bytes, totalBytes }) => sum + Math.min(bytes * ratio, totalBytes * 0.99), state.bytesDone);
}

/** Numbers for a display. */
export interface ProgressFigures {
  /** 0 to 1; null until the plan is known. */
  readonly share: number | null;
  /** COPY bytes a second; null until there is something to measure. */
  readonly rate: number | null;
  /** Milliseconds; null while a guess would be idle. */
  readonly left: number | null;
  readonly elapsed: number;
}

/** Share, rate and time left at a moment. */
export function progressFigures(state: ProgressState, now: number): ProgressFigures {
  const elapsed = now - state.startedAt;
  const oldest = state.samples.find(({ at }) => now - at <= WINDOW);
  const span = oldest === undefined ? 0 : now - oldest.at;
  const measured = oldest !== undefined && span >= 1_000;
  const rate = measured ? (copyBytes(state) - oldest.read) / (span / 1_000) : null;
  const { plan, best } = state;
  const share = plan === null ? null : shareOf(state, plan);
  const speed = measured ? (best - oldest.done) / span : 0;
  const rest = plan === null ? 0 : Math.max(0, plan.bytes - best);
  const left = state.phase === "read" && rest > 0 && speed > 0 && elapsed >= 3_000 ? rest / speed : null;
  return { share, rate: rate !== null && rate > 0 ? rate : null, left, elapsed };
}

function shareOf(state: ProgressState, plan: NonNullable<ProgressState["plan"]>): number {
  if (state.phase === "frame" || state.phase === "seal") return 1;
  if (plan.bytes > 0) return Math.min(1, state.best / plan.bytes);
  return plan.tables > 0 ? Math.min(1, state.tablesDone / plan.tables) : 0;
}
