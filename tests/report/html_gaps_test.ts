import { assertEquals } from "@std/assert";
import type { ReportBackup } from "../../lib/report/html_backups.ts";
import { backupGaps, usualDays } from "../../lib/report/html_gaps.ts";

function backup(day: string, state: ReportBackup["state"] = "complete"): ReportBackup {
  return {
    path: day,
    folder: day,
    time: new Date(`${day}T02:00:00Z`),
    label: null,
    id: null,
    state,
    encrypted: false,
    bytes: { full: 0, schema: 0, table: 0, root: 0 },
    totalBytes: 0,
    dataBytes: 0,
    rows: 0,
    tables: 0,
    duration: 0,
    speed: null,
    marks: null,
  };
}

function gaps(backups: readonly ReportBackup[], now: string, removed: readonly string[] = []): string[] {
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  const history = {
    backups,
    failures: [],
    removed: removed.map((one) => new Date(`${one}T02:00:00Z`)),
    now: new Date(`${now}T09:00:00Z`),
  };
  return backupGaps(history).map(({ from, to }) => `${day(from)} ${day(to)}`);
}

const DAILY = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"].map((day) => backup(day));

Deno.test("backupGaps() names the days without a backup, newest first, but not today", () => {
  assertEquals(gaps(DAILY, "2026-03-04"), []);
  assertEquals(gaps(DAILY, "2026-03-05"), []);
  assertEquals(gaps([...DAILY, backup("2026-03-07")], "2026-03-10"), [
    "2026-03-08 2026-03-09",
    "2026-03-05 2026-03-06",
  ]);
});

Deno.test("backupGaps() counts an incomplete backup as none, and a removed one as one", () => {
  assertEquals(gaps([...DAILY, backup("2026-03-05", "incomplete"), backup("2026-03-06")], "2026-03-06"), [
    "2026-03-05 2026-03-05",
  ]);
  assertEquals(gaps([...DAILY, backup("2026-03-07")], "2026-03-07", ["2026-03-05"]), ["2026-03-06 2026-03-06"]);
});

Deno.test("backupGaps() goes by the usual rhythm: weekly backups have no gap on each of six days", () => {
  const weekly = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"].map((day) => backup(day));
  assertEquals(usualDays(weekly), 7);
  assertEquals(gaps(weekly, "2026-03-29"), []);
  assertEquals(gaps(weekly, "2026-04-02"), ["2026-03-30 2026-04-01"]);
});

Deno.test("backupGaps() has nothing to say about a shelf without backups", () =>
  assertEquals(gaps([], "2026-03-04"), []));
