import { counted, durationText, sizeText } from "../base/mod.ts";
import type { Manifest, Omission } from "../catalog/mod.ts";
import { type Figures, figuresOf, rateText } from "./figures.ts";
import { type RestoreHintOptions, restoreNeeds, restoreSteps } from "./restore_hint.ts";
import { oneLine, terminalText } from "./safe_text.ts";
import { fileLines, schemaLines, tableLines } from "./summary_tables.ts";
import { textTable } from "./text_table.ts";
import { timeText } from "./time_text.ts";

/** What a summary shows. */
export interface SummaryOptions extends RestoreHintOptions {
  /** Most tables listed, the biggest first. Default: all. */
  readonly tables?: number;
  /** Most omissions of a kind and warnings listed. Default: all. */
  readonly notes?: number;
  /** Columns of the screen: what does not fit is told shorter. Default: no limit. */
  readonly columns?: number;
  /** Restore commands at the end. Default true. */
  readonly restoreHint?: boolean;
}

/** The summary of a backup as plain text: what was backed up, how much, how long, what is missing, how to restore. */
export function summaryText(manifest: Manifest, options: SummaryOptions = {}): string {
  const figures = figuresOf(manifest);
  const sections = [
    [headline(manifest, figures)],
    factLines(manifest, options),
    schemaLines(manifest, figures, options.columns ?? Infinity),
    tableLines(manifest, options.tables ?? Infinity),
    fileLines(manifest, figures, options.columns ?? Infinity),
    timeLines(manifest, figures),
    ...noteSections(manifest, options.notes ?? Infinity),
    options.restoreHint === false ? [] : restoreLines(manifest, options),
  ];
  return sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n") + "\n";
}

/** The first line: status, how much, how long. */
export function headline(manifest: Manifest, figures: Figures = figuresOf(manifest)): string {
  const environment = terminalText(manifest.environment);
  const what = `${counted(manifest.schemas.length, "schema")}, ${counted(manifest.tables.length, "table")}, ` +
    `${counted(figures.rows, "row")}, ${sizeText(figures.totalBytes)} in ${durationText(figures.duration)}`;
  if (manifest.status === "complete") return `Backup of ${environment} complete: ${what}`;
  const lost = manifest.omissions.filter(({ severity }) => severity === "lost").length;
  return `Backup of ${environment} INCOMPLETE, ${counted(lost, "object")} missing: ${what}`;
}

function factLines(manifest: Manifest, { folder }: SummaryOptions): string[] {
  const { server, client, snapshot, tool, largeObjects } = manifest;
  const locale = server.collate === server.ctype ? server.collate : `${server.collate}/${server.ctype}`;
  const recovery = server.inRecovery ? ", a hot standby" : "";
  const archives = client.archiveVersion === null ? "" : `, archive format ${client.archiveVersion}`;
  const wal = snapshot.walPosition === null ? "" : `, WAL ${snapshot.walPosition}`;
  const facts: [string, string | null][] = [
    ["Environment", manifest.environment],
    ["Label", manifest.label],
    ["Time", `${timeText(manifest.startedAt)} to ${timeText(manifest.finishedAt)}`],
    ["Snapshot", `${timeText(snapshot.takenAt)}, ${snapshot.id}${wal}`],
    ["Database", `${server.database}, ${sizeText(server.databaseBytes)} on the server`],
    ["", largeObjects.count === 0 ? null : largeObjectText(largeObjects)],
    ["Connection", server.host],
    ["Project", server.projectRef],
    ["Server", `PostgreSQL ${server.version}, ${server.encoding}, ${locale}${recovery}`],
    ["Client", `pg_dump ${client.version}${archives}${client.engine === "pg_dump" ? ", run for each tier" : ""}`],
    ["Made by", `pgstrata ${tool.version}, Deno ${tool.deno}`],
    ["Folder", folder ?? null],
  ];
  const shown = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  return textTable([{ title: "" }, { title: "", widest: 200 }], shown, 2);
}

function largeObjectText({ count, bytes }: Manifest["largeObjects"]): string {
  return `with ${counted(count, "large object")}, ${sizeText(bytes)}`;
}

function timeLines({ durations }: Manifest, figures: Figures): string[] {
  const phases = Object.entries(durations).filter(([phase]) => phase !== "total")
    .map(([phase, duration]) => `${phase} ${durationText(duration)}`);
  const rate = figures.rate === null ? [] : [["Speed", `${rateText(figures.rate)} of table data while reading`]];
  return [
    "Time",
    ...textTable([{ title: "" }, { title: "", widest: 200 }], [
      ["In all", durationText(figures.duration)],
      ...(phases.length > 0 ? [["Phases", phases.join(", ")]] : []),
      ...rate,
    ], 2),
  ];
}

const OMISSION_TITLES: readonly (readonly [Omission["severity"], string])[] = [
  ["lost", "MISSING from this backup"],
  ["expected", "Not in any dump, as expected"],
  ["excluded", "Left out as asked"],
];

function noteSections({ omissions, warnings }: Manifest, most: number): string[][] {
  const sections = OMISSION_TITLES.map(([severity, title]) => {
    const found = omissions.filter((omission) => omission.severity === severity);
    // What makes a backup incomplete is never folded away.
    return list(
      title,
      found.map(({ kind, object, reason }) => `${kind} ${object}: ${reason}`),
      severity === "lost" ? Infinity : most,
    );
  });
  return [...sections, list("Warnings", warnings.map(oneLine), most)];
}

function list(title: string, items: readonly string[], most: number): string[] {
  if (items.length === 0) return [];
  const shown = items.slice(0, most).map((item) => `  - ${terminalText(item)}`);
  const left = items.length - shown.length;
  return [`${title} (${items.length})`, ...shown, ...(left > 0 ? [`  … ${left} more, in manifest.json`] : [])];
}

function restoreLines(manifest: Manifest, options: RestoreHintOptions): string[] {
  const steps = restoreSteps(manifest, options);
  if (steps.length === 0) return [];
  const lines = steps.flatMap(({ does, command }) => [`  # ${does}`, `  ${terminalText(command)}`]);
  const where = options.folder ? "" : ", run in this folder";
  return [`To restore (needs ${restoreNeeds(manifest)}${where}; TARGET_URL is the database to restore into)`, ...lines];
}
