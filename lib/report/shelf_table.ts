import { counted, countText, sizeText } from "../base/mod.ts";
import { type BackupSummary, parseFolderName, type ShelfEntry } from "../catalog/mod.ts";
import { drilledText, isKept, keepText, marksOfEntry, stateText, verifiedText } from "./entry_text.ts";
import { type FittingColumn, fittingTable } from "./fitting_table.ts";
import { terminalText } from "./safe_text.ts";
import { shortVersion } from "./short_version.ts";
import type { ShelfRow, ShelfView } from "./shelf_view.ts";
import { ageText, agoText, minuteText, timeText } from "./time_text.ts";
import { wrapText } from "./wrap_text.ts";

/** How a shelf is shown. */
export interface ShelfTableOptions {
  readonly now: Date;
  /** Columns of the terminal. */
  readonly columns: number;
}

/** Widest cells of free text. */
const WIDEST_NOTE = 60;

/** What is on a shelf, for people: a line for each folder, explanations of the odd ones, sums, failed runs. */
export function shelfTable(view: ShelfView, { now, columns }: ShelfTableOptions): string {
  const table = view.rows.length === 0 ? [] : fittingTable(listColumns(view, now), view.rows, columns);
  const wrapped = (lines: readonly string[]) => lines.flatMap((line) => wrapText(line, columns));
  return [table, wrapped(explanations(view.rows)), wrapped([sumText(view), ...failureLines(view, now)])]
    .filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n") + "\n";
}

/** In the order they are shown; those of less use have the higher ranks. */
function listColumns({ rows, usage }: ShelfView, now: Date): FittingColumn<ShelfRow>[] {
  const summarized = (cell: (summary: BackupSummary) => string) => ({ entry }: ShelfRow): string => {
    const summary = summaryOf(entry);
    return summary === null ? "" : cell(summary);
  };
  const tier = (name: "full" | "schema" | "table") =>
    summarized(({ bytes, tiers }) => tiers.includes(name) ? sizeText(bytes[name]) : "-");
  // The runbook's folder names tell environment and label.
  const isTold = rows.every(({ entry }) => entry.environment === null || namesEnvironment(entry));
  const told = isTold ? 80 : 12;
  return [
    { title: "BACKUP", widest: 200, rank: 0, cell: ({ entry }) => entry.path },
    { title: "TIME (UTC)", rank: 90, cell: ({ entry }) => minuteText(entry.time) },
    { title: "AGE", align: "right", rank: 0, cell: ({ entry }) => ageText(entry.time, now) },
    { title: "ENVIRONMENT", rank: told, cell: ({ entry }) => entry.environment ?? "" },
    { title: "LABEL", rank: told + 1, cell: ({ entry }) => entry.label ?? "" },
    { title: "STATE", rank: 0, cell: ({ entry }) => stateText(entry, now) },
    { title: "SERVER", rank: 42, cell: ({ entry }) => serverText(entry) },
    { title: "TABLES", align: "right", rank: 32, cell: summarized(({ tables }) => countText(tables)) },
    { title: "ROWS", align: "right", rank: 31, cell: summarized((summary) => countText(summary.rows)) },
    { title: "FULL", align: "right", rank: 50, cell: tier("full") },
    { title: "SCHEMA", align: "right", rank: 50, cell: tier("schema") },
    { title: "TABLE", align: "right", rank: 50, cell: tier("table") },
    { title: "SIZE", align: "right", rank: 0, cell: ({ apparent }) => sizeText(apparent) },
    {
      title: "ON DISK",
      align: "right",
      rank: 11,
      cell: ({ real }) => usage.real === usage.apparent ? "" : sizeText(real),
    },
    { title: "VERIFIED", rank: 10, cell: ({ entry }) => verifiedText(marksOfEntry(entry), now) || dash(entry) },
    { title: "DRILLED", rank: 41, cell: ({ entry }) => drilledText(marksOfEntry(entry), now) },
    {
      title: "COPIES",
      rank: 40,
      widest: WIDEST_NOTE,
      cell: ({ entry }) => marksOfEntry(entry)?.stored.join(", ") ?? "",
    },
    { title: "NOTES", rank: 70, widest: WIDEST_NOTE, cell: ({ entry }) => noteText(entry, now) },
  ];
}

function dash(entry: ShelfEntry): string {
  return marksOfEntry(entry) === null ? "" : "never";
}

function summaryOf(entry: ShelfEntry): BackupSummary | null {
  return entry.kind === "backup" || entry.kind === "encrypted" ? entry.summary : null;
}

function namesEnvironment({ path }: ShelfEntry): boolean {
  const name = path.split("/").at(-1) ?? "";
  return parseFolderName(name.replace(/\.(?:partial|deleting)$/, ""))?.environment !== null;
}

function serverText(entry: ShelfEntry): string {
  const version = entry.kind === "foreign" ? entry.description.serverVersion : summaryOf(entry)?.serverVersion;
  return shortVersion(version ?? "");
}

function noteText(entry: ShelfEntry, now: Date): string {
  switch (entry.kind) {
    case "backup":
    case "encrypted": {
      const { marks } = entry;
      const lost = entry.summary?.lost ?? 0;
      return [
        ...lost > 0 ? [`${counted(lost, "object")} missing`] : [],
        ...marks.damaged === null ? [] : [marks.damaged.how],
        ...marks.keep !== null && isKept(marks, now) ? [keepText(marks.keep)] : [],
        ...entry.publishedAt !== null ? ["the latest"] : [],
        ...marks.verified === null ? [] : [`verified: ${marks.verified.how}`],
      ].join("; ");
    }
    case "foreign": {
      const { fullArchive, schemaArchives, others } = entry.description;
      return [
        ...fullArchive === null ? [] : [fullArchive],
        ...schemaArchives.length === 0 ? [] : [counted(schemaArchives.length, "schema archive")],
        ...others,
      ].join(", ");
    }
    case "unreadable":
      return entry.reason;
    case "partial":
    case "deleting":
      return "";
    default:
      return entry satisfies never;
  }
}

/** What the odd words in the column STATE mean, for those that are there. */
function explanations(rows: readonly ShelfRow[]): string[] {
  const found = new Set(rows.map(({ entry }) => oddity(entry)));
  return EXPLANATIONS.filter(([kind]) => found.has(kind)).map(([, text]) => text);
}

const EXPLANATIONS = [
  ["running", "partial, running: a backup that is being written"],
  ["partial", "partial: its run ended before it was sealed; the next backup of its environment removes it"],
  ["deleting", "half removed: its removal was interrupted; `pgstrata prune --apply` finishes it"],
  ["foreign", "foreign: not written by pgstrata, or without its manifest; never removed by prune"],
  ["no backup", "no backup: nothing in it looks like one; never removed by prune"],
  [
    "unreadable",
    "UNREADABLE: its manifest is damaged, of a newer pgstrata, or of another user; `sha256sum --check SHA256SUMS` in it",
  ],
  ["damaged", "DAMAGED: found so when it was verified last"],
] as const;

function oddity(entry: ShelfEntry): typeof EXPLANATIONS[number][0] | null {
  switch (entry.kind) {
    case "backup":
    case "encrypted":
      return entry.marks.damaged === null ? null : "damaged";
    case "partial":
      return entry.running ? "running" : "partial";
    case "foreign":
      return entry.description.backup ? "foreign" : "no backup";
    case "deleting":
    case "unreadable":
      return entry.kind;
    default:
      return entry satisfies never;
  }
}

function sumText({ folder, rows, usage }: ShelfView): string {
  const backups = rows.filter(({ entry }) => marksOfEntry(entry) !== null).length;
  const others = rows.length - backups;
  const what = `${counted(backups, "backup")}${others === 0 ? "" : ` and ${counted(others, "other folder")}`}`;
  const room = usage.real === usage.apparent
    ? sizeText(usage.real)
    : `${sizeText(usage.real)} on disk, ${sizeText(usage.apparent)} if nothing were linked`;
  return `${what} in ${terminalText(folder)}: ${room}`;
}

function failureLines({ failedRuns }: ShelfView, now: Date): string[] {
  return failedRuns.map(({ environment, startedAt, reason }) =>
    terminalText(
      `The last run of ${environment} FAILED ${agoText(new Date(startedAt), now)} (${timeText(startedAt)}): ${reason}`,
    )
  );
}
