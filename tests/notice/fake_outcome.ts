import type { RunOutcome } from "../../lib/notice/mod.ts";

/** A complete backup of prod; `change` overrides. */
export function fakeOutcome(change: Partial<RunOutcome> = {}): RunOutcome {
  return {
    command: "backup",
    environment: "prod",
    label: null,
    status: "complete",
    exitCode: 0,
    startedAt: "2026-03-01T02:00:00.000Z",
    finishedAt: "2026-03-01T02:01:12.000Z",
    duration: 72_000,
    backup: {
      folder: "/backups/20260301_020000_prod",
      bytes: 1_800_000_000,
      rows: 12_345,
      tables: 200,
      schemas: 9,
      warnings: 0,
    },
    error: null,
    verifiedAt: "2026-02-28T02:00:00.000Z",
    drilledAt: null,
    version: "0.1.0",
    ...change,
  };
}

/** A run that left no backup. */
export function failedOutcome(change: Partial<RunOutcome> = {}): RunOutcome {
  return fakeOutcome({
    status: "failed",
    exitCode: 4,
    backup: null,
    error: "Cannot connect to postgres@db.test:5432/postgres: nothing listens on that port",
    finishedAt: "2026-03-02T02:00:03.000Z",
    duration: 3_000,
    ...change,
  });
}
