import { counted, countText, durationText, qualifiedName, sizeText } from "../lib/base/mod.ts";
import { terminalText, textTable } from "../lib/report/mod.ts";
import type { SnapshotDiff, SnapshotRow } from "../lib/snapshot/mod.ts";

const DAY = 86_400_000;

/** Copies as a table, and their total. */
export function snapshotTable(rows: readonly SnapshotRow[], now: Date): string {
  if (rows.length === 0) return "No snapshots.";
  const lines = textTable(
    [
      { title: "id", align: "right" },
      { title: "table" },
      { title: "copy" },
      { title: "rows", align: "right" },
      { title: "size", align: "right" },
      { title: "age", align: "right" },
      { title: "kind" },
      { title: "reason" },
    ],
    rows.map((row) => [
      String(row.id),
      originalName(row),
      row.status === "present" ? row.backupTable : `${row.backupTable} (${row.status})`,
      countText(row.rowCount),
      row.sizeBytes === null ? "-" : sizeText(row.sizeBytes),
      ageText(row.createdAt, now),
      row.kind,
      row.ticket === null ? row.reason : `${row.reason} [${row.ticket}]`,
    ]),
  );
  return [...lines, "", totalText(rows)].join("\n");
}

/** `3 snapshots, 1.2 GB`. */
export function totalText(rows: readonly SnapshotRow[]): string {
  const bytes = rows.reduce((total, { sizeBytes }) => total + (sizeBytes ?? 0), 0);
  return `${rows.length} ${rows.length === 1 ? "snapshot" : "snapshots"}, ${sizeText(bytes)}`;
}

/** The record of one copy, a line for each fact. */
export function snapshotFacts(row: SnapshotRow, now: Date): string {
  const facts: readonly (readonly [string, string | null])[] = [
    ["id", String(row.id)],
    ["table", originalName(row)],
    ["copy", qualifiedName("backup", row.backupTable)],
    ["status", row.status],
    ["rows", countText(row.rowCount)],
    ["size", row.sizeBytes === null ? null : sizeText(row.sizeBytes)],
    ["kind", row.kind],
    ["reason", row.reason],
    ["ticket", row.ticket],
    ["requested by", row.requestedBy],
    ["created", `${row.createdAt} by ${row.createdBy} (${ageText(row.createdAt, now)} ago)`],
    ["expires", row.expiresAt],
    ["review", row.reviewAt],
    ["content hash", row.contentHash],
    ["made together as", row.setName],
    ["exported to", row.exportedTo],
    ["dropped", row.droppedAt === null ? null : `${row.droppedAt}: ${row.dropReason ?? ""}`],
  ];
  const given = facts.flatMap(([name, value]) => value === null ? [] : [[name, value]]);
  return textTable([{ title: "" }, { title: "", widest: 200 }], given).join("\n");
}

/** What differs, for people. */
export function diffText(diff: SnapshotDiff, row: SnapshotRow): string {
  const { added, removed, changed } = diff.rows;
  const lines = [
    `${originalName(row)} since snapshot ${row.id}: ${counted(added, "row")} added, ${countText(removed)} removed` +
    (changed === null ? " (no key: a changed row is one of each)" : `, ${countText(changed)} changed`),
  ];
  for (const [what, names] of Object.entries(diff.columns)) {
    if (names.length > 0) lines.push(`  columns ${what}: ${names.map(terminalText).join(", ")}`);
  }
  const marks = { added: "+", removed: "-", changed: "~" };
  for (const { change, key, columns } of diff.sample) {
    const where = Object.entries(key).map(([name, value]) => `${name}=${value}`).join(", ");
    lines.push(
      `  ${marks[change]} ${terminalText(where)}${columns.length === 0 ? "" : `: ${terminalText(columns.join(", "))}`}`,
    );
  }
  const total = added + removed + (changed ?? 0);
  if (diff.sample.length > 0 && diff.sample.length < total) lines.push(`  … of ${countText(total)}`);
  return lines.join("\n");
}

/** `public.experts`, quoted where needed, safe for a terminal. */
export function originalName({ originalSchema, originalTable }: SnapshotRow): string {
  return terminalText(qualifiedName(originalSchema, originalTable));
}

function ageText(since: string, now: Date): string {
  const age = Math.max(0, now.getTime() - Date.parse(since));
  return age >= 2 * DAY ? `${Math.floor(age / DAY)}d` : durationText(age);
}
