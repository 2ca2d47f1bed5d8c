import { type BackupMarks, isSameEnvironment, type SealedEntry, type ShelfEntry } from "../catalog/mod.ts";

/** A backup as the report's charts need it. */
export interface ReportBackup {
  readonly path: string;
  readonly folder: string;
  readonly time: Date;
  readonly label: string | null;
  readonly id: string | null;
  readonly state: "complete" | "incomplete" | "damaged" | "unknown";
  readonly encrypted: boolean;
  /** Bytes by tier; an encrypted one without public part is all `root`. */
  readonly bytes: SealedEntry["summary"]["bytes"];
  readonly totalBytes: number;
  /** Bytes of COPY data, rows and tables; null where nothing is known. */
  readonly dataBytes: number | null;
  readonly rows: number | null;
  readonly tables: number | null;
  /** Milliseconds of the whole run. */
  readonly duration: number | null;
  /** COPY bytes a second over the whole run. */
  readonly speed: number | null;
  readonly marks: BackupMarks | null;
}

/** Sealed backups of an environment, oldest first. */
export function reportBackups(entries: readonly ShelfEntry[], environment: string): ReportBackup[] {
  return entries.flatMap((entry) =>
    entry.environment !== null && isSameEnvironment(entry.environment, environment) ? reportBackup(entry) : []
  ).toSorted((a, b) => a.time.getTime() - b.time.getTime());
}

function reportBackup(entry: ShelfEntry): ReportBackup[] {
  if (entry.kind !== "backup" && entry.kind !== "encrypted") return [];
  const { path, folder, time, label, marks, summary } = entry;
  const base = { path, folder, time, label, encrypted: entry.kind === "encrypted" };
  if (summary === null) {
    const { apparent } = entry.usage;
    return [{
      ...base,
      id: null,
      state: "unknown",
      bytes: { full: 0, schema: 0, table: 0, root: apparent },
      totalBytes: apparent,
      dataBytes: null,
      rows: null,
      tables: null,
      duration: null,
      speed: null,
      marks: null,
    }];
  }
  const duration = Math.max(0, Date.parse(summary.finishedAt) - Date.parse(summary.startedAt));
  const { full, schema, table, root } = summary.bytes;
  return [{
    ...base,
    id: summary.id,
    state: marks.damaged !== null ? "damaged" : summary.status,
    bytes: summary.bytes,
    totalBytes: full + schema + table + root,
    dataBytes: summary.dataBytes,
    rows: summary.rows,
    tables: summary.tables,
    duration,
    speed: duration > 0 ? summary.dataBytes / (duration / 1000) : null,
    marks,
  }];
}
