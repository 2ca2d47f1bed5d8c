import type { BackupRecord, Manifest, RetentionPlan, Shelf } from "../catalog/mod.ts";

/** What a report is made of. */
export interface HtmlReportData {
  readonly at: Date;
  /** Version of pgstrata. */
  readonly version: string;
  readonly shelf: Shelf;
  /** Those of which there is a section each. */
  readonly environments: readonly EnvironmentData[];
  readonly plan: RetentionPlan;
  /** By the backup's id. */
  readonly records: ReadonlyMap<string, readonly BackupRecord[]>;
  /** Whether this pgstrata can restore by itself. */
  readonly ownCommand: boolean;
}

/** What is known of one environment besides the shelf. */
export interface EnvironmentData {
  readonly name: string;
  /** Sizes by table at some times, oldest first; not more than {@linkcode MOST_SAMPLES} make sense. */
  readonly samples: readonly GrowthSample[];
  /** Of the newest backup that can be read. */
  readonly newest: { readonly path: string; readonly folder: string; readonly manifest: Manifest } | null;
  readonly difference: ReportDifference | null;
}

/** Backups whose manifests are read for the growth of tables: more cannot be told apart in a chart. */
export const MOST_SAMPLES = 40;

/** Sizes of a backup's tables. */
export interface GrowthSample {
  readonly time: Date;
  readonly path: string;
  /** By `schema` and name. */
  readonly tables: ReadonlyMap<string, TableSize>;
}

/** A table's COPY data. */
export interface TableSize {
  readonly schema: string;
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
}

/** A table's key in a {@linkcode GrowthSample}. */
export function sizeKey(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

/** The sizes that a manifest tells. */
export function growthSample(path: string, manifest: Manifest): GrowthSample {
  return {
    time: new Date(manifest.startedAt),
    path,
    tables: new Map(
      manifest.tables.flatMap(({ schema, name, bytes, rows }) =>
        bytes === null ? [] : [[sizeKey(schema, name), { schema, name, bytes, rows: rows ?? 0 }] as const]
      ),
    ),
  };
}

/** Some of many, evenly spread, the first and the last among them. */
export function evenly<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  const step = (all.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => all[Math.round(index * step)]).filter((one) => one !== undefined);
}

/** What changed since the backup before, ready to be shown. */
export interface ReportDifference {
  readonly before: string;
  readonly after: string;
  readonly alerts: readonly string[];
  readonly groups: readonly DifferenceGroup[];
  readonly notes: readonly string[];
}

/** Changes of one kind. */
export interface DifferenceGroup {
  readonly title: string;
  readonly changes: readonly {
    readonly change: "added" | "removed" | "changed";
    readonly text: string;
    /** SQL line by line, the first character says what became of it. */
    readonly lines: readonly string[];
  }[];
}
