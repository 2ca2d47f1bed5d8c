import { counted, countText, sizeText } from "../base/mod.ts";
import type {
  BackupRecord,
  BackupSummary,
  EncryptedEntry,
  ForeignEntry,
  RetentionDecision,
  SealedEntry,
  UsableEntry,
} from "../catalog/mod.ts";
import { coverageText, keepText, stateText, verifiedText } from "./entry_text.ts";
import { decisionText } from "./prune_text.ts";
import { terminalText } from "./safe_text.ts";
import { textTable } from "./text_table.ts";
import { ageText, agoText, timeText } from "./time_text.ts";

/** What is known of one backup besides its manifest. */
export interface BackupDetails {
  readonly entry: UsableEntry;
  readonly records: readonly BackupRecord[];
  /** What the policy in force makes of it. */
  readonly decision: RetentionDecision | null;
  /** Bytes it added to the disk. */
  readonly real: number;
}

/** State, place, room, history and retention of a backup; the manifest's summary stands below it. */
export function detailsText(details: BackupDetails, now: Date): string {
  const { entry, decision } = details;
  const facts: [string, string | null][] = [
    ["Backup", entry.path],
    ["State", stateText(entry, now)],
    ["Age", `${ageText(entry.time, now)} (${timeText(entry.time.toISOString())})`],
    ...entry.kind === "foreign" ? foreignFacts(entry) : oursFacts(entry, now),
    ["Size", roomText(details)],
    ["Folder", entry.folder],
    ["Retention", decision === null ? null : retentionText(decision)],
  ];
  const shown = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  const lines = textTable([{ title: "" }, { title: "", widest: 400 }], shown);
  return `${[...lines, ...recordLines(details.records)].join("\n")}\n`;
}

function oursFacts(entry: SealedEntry | EncryptedEntry, now: Date): [string, string | null][] {
  const { marks } = entry;
  const verified = verifiedText(marks, now);
  const how = marks.damaged?.how ?? marks.verified?.how ?? "";
  const kept = marks.keep === null ? null : keepText(marks.keep);
  return [
    ["Encrypted", entry.kind === "encrypted" ? entry.method : null],
    ...entry.kind === "encrypted" && entry.summary !== null ? summaryFacts(entry.summary) : [],
    ["Verified", verified === "" ? "never" : `${verified}: ${how}`],
    ["Drilled", marks.drilled === null ? "never" : drillText(marks.drilled, now)],
    ["Kept", kept?.replace(/^kept:? /, "") ?? null],
    ["Where", ["here", ...marks.stored].join(", ")],
    ["Latest", entry.publishedAt],
  ];
}

/** What the public part of an encrypted backup tells. */
function summaryFacts(summary: BackupSummary): [string, string | null][] {
  const { bytes } = summary;
  return [
    ["Environment", summary.environment],
    ["Label", summary.label],
    ["Database", `${summary.database} on ${summary.host}, PostgreSQL ${summary.serverVersion}`],
    [
      "Holds",
      [counted(summary.schemas, "schema"), counted(summary.tables, "table"), counted(summary.rows, "row")].join(", "),
    ],
    ["Tiers", summary.tiers.map((tier) => `${tier} ${sizeText(bytes[tier])}`).join(", ")],
    ["Missing", summary.lost === 0 ? null : countText(summary.lost)],
  ];
}

function foreignFacts({ description }: ForeignEntry): [string, string | null][] {
  const { fullArchive, schemaArchives, others, serverVersion } = description;
  return [
    ["Server", serverVersion],
    ["Full archive", fullArchive],
    ["Schema archives", schemaArchives.length === 0 ? null : schemaArchives.join(", ")],
    ["Other dumps", others.length === 0 ? null : others.join(", ")],
  ];
}

function roomText({ entry, real }: BackupDetails): string {
  const { apparent } = entry.usage;
  return real === apparent
    ? sizeText(apparent)
    : `${sizeText(apparent)}, of which it added ${sizeText(real)} to the disk`;
}

function drillText({ at, coverage, how }: NonNullable<SealedEntry["marks"]["drilled"]>, now: Date): string {
  return `${agoText(new Date(at), now)}, ${coverageText(coverage)} came back: ${how}`;
}

function retentionText(decision: RetentionDecision): string {
  const text = decisionText(decision);
  switch (decision.action) {
    case "keep":
      return `kept: ${text}${decision.reviewDue ? "; review is due" : ""}`;
    case "remove":
      return `goes with the next prune: ${text}`;
    case "review":
      return `for review: ${text}`;
    case "cold":
      return `for cold storage: ${text}`;
    default:
      return decision satisfies never;
  }
}

function recordLines(records: readonly BackupRecord[]): string[] {
  if (records.length === 0) return [];
  const rows = records.map((record) => [timeText(record.at), recordText(record)]);
  return ["", "History", ...textTable([{ title: "" }, { title: "", widest: 400 }], rows, 2)];
}

/** What happened, in words. */
function recordText(record: BackupRecord): string {
  switch (record.kind) {
    case "verified":
      return `${record.good ? "verified" : "found DAMAGED"}: ${record.how}`;
    case "drilled":
      return `${record.good ? "drilled" : "drill FAILED"}, ${coverageText(record.coverage)} came back: ${record.how}`;
    case "keep":
      return keepText(record);
    case "released":
      return "keep mark taken back";
    case "stored":
      return `copied to ${terminalText(record.destination)}`;
    case "withdrawn":
      return `copy in ${terminalText(record.destination)} removed`;
    case "removed":
      return `removed: ${record.reason}`;
    default:
      return record satisfies never;
  }
}
