import { compactTimestamp } from "../../lib/base/mod.ts";
import {
  type BackupMarks,
  type BackupSummary,
  type FolderUsage,
  NO_MARKS,
  type SealedEntry,
  type Shelf,
  type ShelfEntry,
  totalUsage,
} from "../../lib/catalog/mod.ts";

/** The fixture's now. */
export const NOW = new Date("2026-11-21T08:30:00Z");

/** What a test wants of one backup. */
export interface EntryFacts {
  readonly environment?: string;
  readonly label?: string | null;
  readonly path?: string;
  readonly marks?: Partial<BackupMarks>;
  readonly summary?: Partial<BackupSummary>;
  readonly usage?: FolderUsage;
  readonly publishedAt?: string;
}

/** A sealed backup of a shelf in memory. */
export function sealedEntry(iso: string, facts: EntryFacts = {}): SealedEntry {
  const time = new Date(iso);
  const { environment = "prod", label = null } = facts;
  const path = facts.path ?? [compactTimestamp(time), environment, ...label === null ? [] : [label]].join("_");
  return {
    kind: "backup",
    path,
    folder: `/srv/backups/${path}`,
    time,
    environment,
    label,
    summary: { ...summaryOf(iso, environment, label), ...facts.summary },
    marks: { ...NO_MARKS, ...facts.marks },
    usage: facts.usage ?? { apparent: 1_234_567_890, own: 1_234_567_890, links: [] },
    publishedAt: facts.publishedAt ?? null,
  };
}

function summaryOf(iso: string, environment: string, label: string | null): BackupSummary {
  return {
    id: `${compactTimestamp(new Date(iso))}-0123456789abcdef`,
    environment,
    label,
    layout: "runbook",
    startedAt: iso,
    finishedAt: iso,
    status: "complete",
    serverVersion: "17.6",
    database: "postgres",
    host: "db.abcd….supabase.co:5432",
    tiers: ["full", "schema", "table"],
    schemas: 9,
    tables: 214,
    rows: 12_345_678,
    dataBytes: 900_000_000,
    bytes: { full: 310_000_000, schema: 312_000_000, table: 612_000_000, root: 600_000 },
    warnings: 0,
    lost: 0,
  };
}

/** A shelf of entries, given in any order. */
export function shelfOf(entries: readonly ShelfEntry[], failedRuns: Shelf["failedRuns"] = []): Shelf {
  return {
    folder: "/srv/backups",
    entries: entries.toSorted((a, b) => b.time.getTime() - a.time.getTime()),
    failedRuns,
    usage: totalUsage(entries.map(({ usage }) => usage)),
  };
}

/** A shelf with one of everything, with names that mean harm. */
export function fullShelf(): Shelf {
  const base = (path: string, iso: string, environment: string | null, apparent: number) => ({
    path,
    folder: `/srv/backups/${path}`,
    time: new Date(iso),
    environment,
    label: null,
    usage: { apparent, own: apparent, links: [] },
  });
  const encrypted = sealedEntry("2026-11-17T02:00:04Z", { environment: "staging" });
  return shelfOf([
    sealedEntry("2026-11-20T02:00:04Z", {
      usage: { apparent: 1_234_567_890, own: 34_567_890, links: [["1:2", 1_200_000_000]] },
    }),
    sealedEntry("2026-11-19T02:00:04Z", {
      usage: { apparent: 1_234_567_890, own: 34_567_890, links: [["1:2", 1_200_000_000]] },
      marks: {
        verified: { at: "2026-11-19T03:00:00Z", how: "read back, all files" },
        drilled: { at: "2026-11-19T04:00:00Z", how: "restored", coverage: 0.9996 },
        stored: ["s3-cold"],
      },
    }),
    sealedEntry("2026-11-18T02:00:04Z", {
      label: "pre-upgrade",
      marks: { keep: { at: "2026-11-18T02:00:04Z", reason: "ticket \x1b[31m4711", until: "2027-01-31T23:59:59Z" } },
      summary: { tiers: ["full"] },
    }),
    sealedEntry("2026-11-16T02:00:04Z", {
      marks: { damaged: { at: "2026-11-21T02:00:00Z", how: "auth/tables/users/data.sql is cut short" } },
      summary: { status: "incomplete", lost: 2 },
    }),
    {
      ...base(encrypted.path, "2026-11-17T02:00:04Z", "staging", 700_000_000),
      kind: "encrypted",
      method: "age",
      summary: encrypted.summary,
      marks: NO_MARKS,
      publishedAt: null,
    },
    {
      ...base("20261115_020004_staging", "2026-11-15T02:00:04Z", "staging", 700_000_000),
      kind: "encrypted",
      method: "gpg",
      summary: null,
      marks: NO_MARKS,
      publishedAt: null,
    },
    {
      ...base("20261121_082930_prod.partial", "2026-11-21T08:29:30Z", "prod", 12_000_000),
      kind: "partial",
      running: true,
    },
    {
      ...base("20261120_082930_dev.partial", "2026-11-20T08:29:30Z", "dev", 9_000_000),
      kind: "partial",
      running: false,
    },
    { ...base("20261001_020004_prod.deleting", "2026-10-01T02:00:04Z", "prod", 5_000), kind: "deleting" },
    {
      ...base("20251101_000000_prod", "2025-11-01T00:00:00Z", "prod", 88_000_000),
      kind: "foreign",
      description: {
        backup: true,
        fullArchive: "db_full.dump",
        schemaArchives: ["public/public_schema_1.dump"],
        others: ["extra.sql"],
        serverVersion: "PostgreSQL 15.8 on x86_64-pc-linux-gnu",
      },
    },
    {
      ...base("notes\u202e", "2024-01-01T00:00:00Z", null, 300),
      kind: "foreign",
      description: { backup: false, fullArchive: null, schemaArchives: [], others: [], serverVersion: null },
    },
    {
      ...base("20261014_020004_prod", "2026-10-14T02:00:04Z", "prod", 1_000_000_000),
      kind: "unreadable",
      reason: "Cannot read the manifest: it is damaged: Unexpected end of JSON input",
    },
  ], [
    {
      environment: "dev",
      startedAt: "2026-11-20T08:29:30Z",
      at: "2026-11-20T08:29:31Z",
      reason: "Cannot connect to db.example.org: nobody answers",
    },
    {
      environment: "prod",
      startedAt: "2026-11-19T08:00:00Z",
      at: "2026-11-19T08:00:01Z",
      reason: "an older failure that a good backup followed",
    },
  ]);
}
