import { counted, durationText, sizeText } from "../lib/base/mod.ts";
import { terminalText, textTable } from "../lib/report/mod.ts";
import {
  type LeftOut,
  type Overwritten,
  platformSchemaOf,
  type PreflightCheck,
  type RestorePlan,
  type RestoreReport,
  type Way,
} from "../lib/restore/mod.ts";
import { wrap } from "./wrap.ts";

/** Lines of a list that are shown at most on the screen. */
const MOST = 30;

const WAYS: Readonly<Record<Way, string>> = {
  direct: "load into the empty database",
  swap: "restore into a new database beside it, compare, then rename both in one step; the old one stays",
  in_place: "change it in one transaction: all of it happens, or nothing",
  beside: "put the tables into a schema of their own; what is there stays as it is",
};

/** Columns of a terminal as most have it. Commands and SQL are not broken: they are copied. */
const WIDTH = 80;

/** What is about to happen, for the person who has to agree. */
export function planText(plan: RestorePlan): string {
  const lines = [
    `Restore ${terminalText(plan.backup)} (${plan.tier} tier)`,
    `  into  ${terminalText(plan.target)}`,
    ...wrapped("  way   ", WAYS[plan.way]),
    ...wrapped("  first ", safetyText(plan)),
  ];
  if (plan.overwritten.length > 0) {
    lines.push(plan.way === "swap" ? "It holds now, and keeps under another name:" : "What goes:");
    lines.push(...overwrittenLines(plan.overwritten));
  }
  if (plan.leftOut.length > 0) lines.push("What is not restored:", ...leftOutLines(plan.leftOut));
  if (plan.preflight.length > 0) lines.push("Looked at:", ...preflightLines(plan.preflight));
  return lines.join("\n");
}

/** All of the database is backed up, be it for one small table: who waits for it knows what for. */
function safetyText({ safetyBackup, databaseBytes }: RestorePlan): string {
  if (!safetyBackup) return "NO backup of its present state";
  const size = databaseBytes > 0 ? ` (all of the database, ${sizeText(databaseBytes)} on the server)` : "";
  return `back up its present state with the label pre_restore${size}; --no-safety-backup skips it`;
}

function wrapped(head: string, text: string): string[] {
  const indent = " ".repeat(head.length);
  return wrap(text, WIDTH - head.length).map((line, index) => `${index === 0 ? head : indent}${line}`);
}

/**
 * What a restore did.
 *
 * @param options.isWhole for the file: all lines of all lists, and what was looked at and found good
 */
export function reportText(report: RestoreReport, options: { readonly isWhole?: boolean } = {}): string {
  const most = options.isWhole ? Infinity : MOST;
  const lookedAt = report.preflight.filter(({ state }) => options.isWhole || state !== "ok");
  const head = report.status === "done"
    ? "Restored"
    : report.status === "differs"
    ? "RESTORED, BUT NOT PROVED EQUAL TO THE BACKUP"
    : "NOT FINISHED";
  const total = Object.values(report.durations).reduce((sum, each) => sum + each, 0);
  const lines = [
    `${head}: ${terminalText(report.backup)} into ${terminalText(report.target)} in ${durationText(total)}`,
    `  state ${terminalText(report.targetState)}`,
  ];
  section(lines, "Done", report.steps.map(({ at, done }) => `${at.slice(11, 19)} ${done}`), most);
  section(lines, "Not done", report.notDone, most);
  if (lookedAt.length > 0) lines.push("", "Looked at before", ...preflightLines(lookedAt));
  if (report.comparison !== null) lines.push("", "Compared with the backup", ...comparisonLines(report, most));
  section(lines, "ACCESS IS WIDER THAN IN THE BACKUP", report.widened, most);
  section(lines, "Not granted", report.notGranted, most);
  section(
    lines,
    "Owners not set",
    report.ownersNotSet.map(({ owner, objects }) => `${owner}: ${counted(objects, "object")}`),
    most,
  );
  if (report.leftOut.length > 0) lines.push("", "Left out", ...leftOutLines(report.leftOut, most));
  if (report.warnings.length > 0) {
    const texts = report.warnings.slice(0, most).flatMap((text) => wrapped("  - ", terminalText(text)));
    lines.push("", "Warnings", ...texts, ...more(report.warnings.length, most));
  }
  section(lines, "Left to you", report.todo, most);
  if (report.undo !== null) {
    // PostgreSQL renames no database that somebody is connected to.
    const first = report.way === "swap" ? " (stop the application first: nobody may be connected)" : "";
    lines.push("", `To go back${first}`, `  ${terminalText(report.undo)}`);
  }
  return lines.join("\n");
}

function comparisonLines({ comparison }: RestoreReport, most: number): string[] {
  if (comparison === null) return [];
  const { compared, differences, notCompared, rows } = comparison;
  const objects = Object.entries(compared).filter(([, count]) => count > 0)
    .map(([category, count]) => counted(count, ...CATEGORIES[category] ?? [category, `${category}s`] as const)).join(
      ", ",
    );
  const shown = differences.slice(0, most).map(({ kind, object, detail }) =>
    `  ${kind}: ${terminalText(`${object}: ${detail}`)}`
  );
  return [
    `  ${differences.length === 0 ? "equal" : counted(differences.length, "difference")}: ${objects}; ${
      counted(rows, "row")
    }`,
    ...shown,
    ...more(differences.length, most),
    ...notCompared.slice(0, most).map(({ object, reason }) =>
      `  not compared: ${terminalText(`${object}: ${reason}`)}`
    ),
    ...more(notCompared.length, most),
  ];
}

/** Categories whose name is no word for what is counted. */
const CATEGORIES: Readonly<Record<string, readonly [one: string, many: string]>> = {
  rows: ["table's rows", "tables' rows"],
  large_object: ["large object", "large objects"],
  policy: ["policy", "policies"],
  view_options: ["view's options", "views' options"],
  database: ["property of the database", "properties of the database"],
};

const STATES: Readonly<Record<PreflightCheck["state"], string>> = {
  ok: "ok       ",
  attention: "ATTENTION",
  unknown: "unknown  ",
};

function preflightLines(preflight: readonly PreflightCheck[]): string[] {
  return preflight.flatMap(({ check, state, text }) =>
    wrapped(`  ${STATES[state]} `, `${check}: ${terminalText(text)}`)
  );
}

function overwrittenLines(overwritten: readonly Overwritten[]): string[] {
  const shown = overwritten.slice(0, MOST);
  // What goes along, and whether it comes back, is longer than a column.
  const isLong = ({ object, rows }: Overwritten) => rows === null && object.length > 56;
  const rows = shown.filter((one) => !isLong(one)).map(({ object, rows, estimated }) => [
    object,
    rows === null ? "" : `${estimated ? "about " : ""}${counted(rows, "row")}`,
  ]);
  return [
    ...textTable([{ title: "" }, { title: "", align: "right" }], rows, 2),
    ...shown.filter(isLong).flatMap(({ object }) => wrapped("  ", terminalText(object))),
    ...more(overwritten.length, MOST),
  ];
}

/** One paragraph per reason; what Supabase's platform makes itself is counted on the screen, and listed in the file. */
function leftOutLines(leftOut: readonly LeftOut[], most: number = MOST): string[] {
  const platform = most === Infinity ? new Map<string, LeftOut[]>() : Map.groupBy(
    leftOut.filter(({ reason }) => platformSchemaOf(reason) !== null),
    ({ reason }) => platformSchemaOf(reason) ?? "",
  );
  const own = [...platform].map(([schema, entries]) => `${schema} (${entries.length})`).join(", ");
  const byReason = Map.groupBy(
    leftOut.filter(({ reason }) => most === Infinity || platformSchemaOf(reason) === null),
    ({ reason }) => reason,
  );
  const lines = [...byReason].map(([reason, entries]) => {
    const names = entries.slice(0, 6).map(({ kind, object }) => `${kind} ${object}`).join(", ");
    return `${reason}: ${names}${entries.length > 6 ? ` and ${entries.length - 6} more` : ""}`;
  });
  if (own !== "") lines.push(`objects of Supabase's own, which the platform makes itself: ${own}`);
  const shown = lines.slice(0, most).flatMap((line) => wrapped("  - ", terminalText(line)));
  return [...shown, ...more(lines.length, most)];
}

function section(lines: string[], title: string, texts: readonly string[], most: number): void {
  if (texts.length === 0) return;
  lines.push("", title, ...texts.slice(0, most).map((text) => `  ${terminalText(text)}`), ...more(texts.length, most));
}

function more(count: number, most: number): string[] {
  return count > most ? [`  and ${count - most} more`] : [];
}
