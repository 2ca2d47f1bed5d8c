import type { MetricFamily, MetricSample } from "./metric_text.ts";
import type { RunOutcome, RunStatus } from "./run_outcome.ts";

const STATUSES: readonly RunStatus[] = ["complete", "incomplete", "failed"];

const family = (name: string, help: string): MetricFamily => ({ name: `pgstrata_backup_${name}`, help });

/** Everything that is measured, in the file's order. Times are seconds since 1970, zero is never written for "never". */
export const METRICS = {
  run: family("last_run_timestamp_seconds", "When the last run ended, whatever came of it."),
  success: family("last_success_timestamp_seconds", "When the newest complete backup was finished."),
  status: family("last_run_status", "How the last run ended: 1 at its status, 0 at the others."),
  exit: family("last_run_exit_code", "Exit code of the last run."),
  duration: family("last_run_duration_seconds", "How long the last run took."),
  bytes: family("size_bytes", "Bytes of all files of the newest backup."),
  rows: family("rows", "Rows in the newest backup."),
  tables: family("tables", "Tables in the newest backup."),
  verified: family("verified_timestamp_seconds", "When a backup was last read back and found good."),
  drilled: family("drilled_timestamp_seconds", "When a backup was last restored and found good."),
} as const;

/** The families as a list. */
export const METRIC_FAMILIES: readonly MetricFamily[] = Object.values(METRICS);

/**
 * The samples of all environments after a run: those of the run's environment are replaced, except what the run
 * has nothing new about (a failed one does not change when the last success was), others stay.
 */
export function updateMetrics(before: readonly MetricSample[], outcome: RunOutcome): MetricSample[] {
  const { environment, status, backup } = outcome;
  const samples: MetricSample[] = [];
  const set = ({ name }: MetricFamily, value: number | null, ...more: readonly (readonly [string, string])[]) => {
    if (value !== null) samples.push({ name, labels: [["environment", environment], ...more], value });
  };
  set(METRICS.run, seconds(outcome.finishedAt));
  if (status === "complete") set(METRICS.success, seconds(outcome.finishedAt));
  for (const each of STATUSES) set(METRICS.status, each === status ? 1 : 0, ["status", each]);
  set(METRICS.exit, outcome.exitCode);
  set(METRICS.duration, outcome.duration / 1000);
  set(METRICS.bytes, backup?.bytes ?? null);
  set(METRICS.rows, backup?.rows ?? null);
  set(METRICS.tables, backup?.tables ?? null);
  set(METRICS.verified, seconds(outcome.verifiedAt));
  set(METRICS.drilled, seconds(outcome.drilledAt));
  const written = new Set(samples.map(({ name }) => name));
  const kept = before.filter(({ name, labels }) => !isOf(labels, environment) || !written.has(name));
  return [...kept, ...samples];
}

function isOf(labels: MetricSample["labels"], environment: string): boolean {
  return labels.some(([name, value]) => name === "environment" && value === environment);
}

function seconds(iso: string | null): number | null {
  return iso === null ? null : Math.round(new Date(iso).getTime() / 1000);
}
