import type { BackupRecord, Manifest, SealedEntry, Shelf } from "../../lib/catalog/mod.ts";
import { DEFAULT_POLICY, marksOf, planRetention, retentionHistory, summarize } from "../../lib/catalog/mod.ts";
import { compactTimestamp } from "../../lib/base/mod.ts";
import { evenly, growthSample, type HtmlReportData, MOST_SAMPLES } from "../../lib/report/mod.ts";
import { fakeManifest, fakeTable } from "./fake_manifest.ts";

/** A name that would end a script, an attribute and an element, and turn the direction of text. */
export const HOSTILE = `</script><img src=x onerror="alert(1)">'&\u202e\u001b[31m`;

/** The time of all reports under test. */
export const NOW = new Date("2026-11-21T09:00:00Z");

const DAY = 86_400_000;

/** What a test wants of a shelf. */
export interface FakeShelf {
  readonly backups: number;
  readonly tables: number;
  /** Ages in days of which there is no backup. */
  readonly missing?: readonly number[];
  /** Days between two backups. */
  readonly step?: number;
  readonly environment?: string;
}

/** The data of a report over a shelf that exists only in memory. */
export function fakeReport(given: FakeShelf): HtmlReportData {
  const environment = given.environment ?? "prod";
  const records = new Map<string, readonly BackupRecord[]>();
  const manifests = new Map<string, Manifest>();
  const entries: SealedEntry[] = [];
  for (let index = given.backups - 1; index >= 0; index--) {
    if (given.missing?.includes(index)) continue;
    const time = new Date(NOW.getTime() - 7 * 3_600_000 - index * DAY * (given.step ?? 1));
    const age = index / given.backups;
    const manifest = fakeManifest({
      environment,
      label: index % 9 === 4 ? "pre-upgrade" : null,
      startedAt: time.toISOString(),
      finishedAt: new Date(time.getTime() + 60_000).toISOString(),
      status: index === 2 ? "incomplete" : "complete",
      tables: Array.from(
        { length: given.tables },
        (_, table) =>
          fakeTable(table % 7 === 3 ? HOSTILE : `schema_${table % 12}`, table === 3 ? HOSTILE : `table_${table}`, {
            folder: `f/tables/t${table}`,
            bytes: Math.round(1e8 / (1 + table) * (1.5 - age)),
            rows: Math.round(1e6 / (1 + table)),
          }),
      ),
    });
    const summary = summarize(manifest);
    const at = new Date(time.getTime() + 3_600_000).toISOString();
    const own: BackupRecord[] = index % 3 === 0 ? [{ kind: "verified", at, good: true, how: HOSTILE }] : [];
    if (index === 5) own.push({ kind: "drilled", at, good: true, coverage: 0.974, how: "PostgreSQL 17" });
    records.set(summary.id, own);
    const path = `${compactTimestamp(time)}_${environment}${manifest.label === null ? "" : `_${manifest.label}`}`;
    manifests.set(path, manifest);
    entries.unshift({
      kind: "backup",
      path,
      folder: `/srv/backups/${path}`,
      time,
      environment,
      label: manifest.label,
      usage: { apparent: 1_000_000, own: 1_000_000, links: [] },
      summary,
      marks: marksOf(own),
      publishedAt: null,
    });
  }
  const shelf: Shelf = {
    folder: `/srv/${HOSTILE}`,
    entries,
    failedRuns: [{
      environment,
      startedAt: new Date(NOW.getTime() - 4 * DAY).toISOString(),
      at: new Date(NOW.getTime() - 4 * DAY + 60_000).toISOString(),
      reason: HOSTILE,
    }],
    usage: { apparent: 1e9, real: 1e9 },
  };
  const [newest] = entries;
  const manifest = manifests.get(newest?.path ?? "");
  return {
    at: NOW,
    version: "0.0.0-test",
    shelf,
    plan: planRetention(retentionHistory(shelf), DEFAULT_POLICY, NOW),
    records,
    ownCommand: true,
    environments: [{
      name: environment,
      samples: evenly(entries.toReversed(), MOST_SAMPLES).flatMap(({ path }) => {
        const own = manifests.get(path);
        return own === undefined ? [] : [growthSample(path, own)];
      }),
      newest: newest === undefined || manifest === undefined
        ? null
        : { path: newest.path, folder: newest.folder, manifest },
      difference: {
        before: "before",
        after: "after",
        alerts: [`public.v: security_invoker is lost ${HOSTILE}`],
        groups: [{
          title: "Schema",
          changes: [{ change: "changed", text: `TABLE ${HOSTILE}`, lines: ["- a integer", `+ a bigint ${HOSTILE}`] }],
        }],
        notes: [HOSTILE],
      },
    }],
  };
}
