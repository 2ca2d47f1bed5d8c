import { counted, countText, durationText, sizeText } from "../lib/base/mod.ts";
import { fit, pad, terminalText } from "../lib/report/mod.ts";
import { type Paint, PLAIN } from "./paint.ts";
import { type ActiveTable, progressFigures, type ProgressState } from "./progress_state.ts";

/** Room for a display. */
export interface FrameSize {
  readonly columns: number;
  /** Most lines. */
  readonly rows: number;
  readonly paint?: Paint;
}

/** What a phase is called while it lasts. */
export const PHASE_WORDS: Readonly<Record<ProgressState["phase"], string>> = {
  connect: "connecting",
  lock: "locking the tables",
  read: "reading",
  frame: "writing the archives",
  seal: "sealing",
};

/** Most tables in flight that are shown. */
const MOST_TABLES = 6;

const BAR_WIDTH = 28;

/**
 * The live display: what, how far, how fast, how long still, and the tables in flight.
 * No line is wider than the terminal.
 */
export function progressFrame(environment: string, state: ProgressState, now: number, size: FrameSize): string[] {
  const { columns, paint = PLAIN } = size;
  const { share, elapsed } = progressFigures(state, now);
  const width = Math.max(10, columns - 1);
  const title = phaseLine(environment, state);
  const clock = durationText(elapsed);
  const head = pad(fit(title, width - clock.length - 2), width - clock.length) + clock;
  const lines = [paint.bold(head)];
  if (share !== null) {
    // Too narrow for the bar and the numbers: the numbers matter more.
    const bar = width >= 70 ? barText(share, BAR_WIDTH) : "";
    lines.push(paint.green(bar) + fit(figuresLine(state, now), width - bar.length));
    lines.push(...tableLines(state, width, Math.min(MOST_TABLES, size.rows - 3)).map(paint.dim));
  }
  return lines.slice(0, Math.max(1, size.rows));
}

/** A line for logs when a phase begins. */
export function phaseLine(environment: string, { phase }: ProgressState): string {
  return `${terminalText(environment)}: ${PHASE_WORDS[phase]}`;
}

/** A line for logs: `prod: reading  34%  612 MB of 1.8 GB  48.2 MB/s  58s left  64 of 200 tables`. */
export function progressLine(environment: string, state: ProgressState, now: number): string {
  const { share } = progressFigures(state, now);
  const name = phaseLine(environment, state);
  return share === null ? name : `${name}  ${figuresLine(state, now).trim()}`;
}

/** What will be read, when it is known. */
export function planLine(environment: string, { plan }: ProgressState): string {
  if (plan === null) return "";
  const { tables, schemas } = plan;
  return `${terminalText(environment)}: ${counted(tables, "table")} in ${counted(schemas, "schema")}, ${
    sizeText(plan.bytes)
  } on the server`;
}

/** A table that is done, for `--verbose`. */
export function tableLine(
  environment: string,
  table: {
    readonly schema: string;
    readonly table: string;
    readonly rows: number;
    readonly bytes: number;
    readonly duration: number;
  },
): string {
  const name = terminalText(`${table.schema}.${table.table}`);
  return `${terminalText(environment)}: ${name} ${counted(table.rows, "row")}, ${sizeText(table.bytes)}, ${
    durationText(table.duration)
  }`;
}

function figuresLine(state: ProgressState, now: number): string {
  const { share, rate, left } = progressFigures(state, now);
  const parts = [`${Math.floor((share ?? 0) * 100)}%`.padStart(5)];
  const { plan } = state;
  if (state.phase === "read" && plan !== null) {
    parts.push(`${sizeText(state.best)} of ${sizeText(plan.bytes)}`);
    if (rate !== null) parts.push(`${sizeText(rate)}/s`);
    if (left !== null) parts.push(`${durationText(roundedLeft(left))} left`);
    parts.push(`${countText(state.tablesDone)} of ${countText(plan.tables)} tables`);
  }
  return parts.join("  ");
}

/** A time left in whole steps, so that it does not flicker. */
function roundedLeft(milliseconds: number): number {
  const step = milliseconds > 120_000 ? 10_000 : milliseconds > 10_000 ? 5_000 : 1_000;
  return Math.max(step, Math.round(milliseconds / step) * step);
}

function barText(share: number, width: number): string {
  const eighths = Math.round(share * width * 8);
  const full = Math.floor(eighths / 8);
  const part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8] ?? "";
  return (("█".repeat(full) + part).padEnd(width, "░")).slice(0, width);
}

function tableLines(state: ProgressState, width: number, most: number): string[] {
  if (state.phase !== "read" || most < 1) return [];
  const tables = [...state.active.values()].sort((a, b) => b.totalBytes - a.totalBytes);
  const shown = tables.length <= most ? tables : tables.slice(0, most - 1);
  const amounts = shown.map(amount);
  const right = Math.max(0, ...amounts.map((text) => text.length));
  const nameWidth = Math.min(48, width - right - 4);
  const lines = shown.map(({ schema, table }, index) =>
    fit(
      `  ${pad(fit(terminalText(`${schema}.${table}`), nameWidth), nameWidth)}  ${
        (amounts[index] ?? "").padStart(right)
      }`,
      width,
    )
  );
  return tables.length > shown.length ? [...lines, `  and ${tables.length - shown.length} more`] : lines;
}

function amount({ bytes, totalBytes }: ActiveTable): string {
  return totalBytes >= bytes && totalBytes > 0 ? `${sizeText(bytes)} of ~${sizeText(totalBytes)}` : sizeText(bytes);
}
