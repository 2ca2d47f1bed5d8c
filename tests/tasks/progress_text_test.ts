import { assert, assertEquals } from "@std/assert";
import stringWidth from "string-width";
import type { BackupEvent } from "../../lib/backup/mod.ts";
import { progressAfter, progressStart, type ProgressState } from "../../tasks/progress_state.ts";
import { phaseLine, planLine, progressFrame, progressLine, tableLine } from "../../tasks/progress_text.ts";

const EVENTS: readonly (readonly [number, BackupEvent])[] = [
  [0, { type: "planned", tables: 200, totalBytes: 1_800_000_000, schemas: ["a", "b"] }],
  [0, { type: "phase", phase: "read" }],
  [2_000, {
    type: "table_done",
    schema: "a",
    table: "x",
    rows: 1,
    bytes: 100_000_000,
    totalBytes: 100_000_000,
    duration: 5,
  }],
  [8_000, {
    type: "table_done",
    schema: "a",
    table: "y",
    rows: 1,
    bytes: 400_000_000,
    totalBytes: 400_000_000,
    duration: 5,
  }],
  [8_000, { type: "table_started", schema: "public", table: "events", totalBytes: 90_000_000 }],
  [8_000, { type: "table_started", schema: "auth", table: "audit\x1b[2J\nlog", totalBytes: 9_000_000 }],
  [8_000, { type: "table_started", schema: "public", table: "日本語の表", totalBytes: 8_000_000 }],
  [8_000, { type: "table_progress", schema: "public", table: "events", bytes: 12_000_000 }],
];

const STATE: ProgressState = EVENTS.reduce((state, [now, event]) => progressAfter(state, event, now), progressStart(0));

Deno.test("progressFrame() shows what, how far, how fast, how long still, and the tables in flight", () => {
  assertEquals(progressFrame("prod", STATE, 8_000, { columns: 100, rows: 20 }), [
    "prod: reading                                                                                  8.0s",
    "████████░░░░░░░░░░░░░░░░░░░░  28%  512 MB of 1.8 GB  64 MB/s  20s left  2 of 200 tables",
    "  public.events                                     12 MB of ~90 MB",
    "  auth.audit\\x1b[2J\\nlog                               0 B of ~9 MB",
    "  public.日本語の表                                    0 B of ~8 MB",
  ]);
});

Deno.test("progressFrame() before the plan is one line", () => {
  assertEquals(progressFrame("prod", progressStart(0), 300, { columns: 40, rows: 20 }), [
    "prod: connecting                   0.3s",
  ]);
});

Deno.test("progressFrame() folds tables that have no room", () => {
  assertEquals(progressFrame("prod", STATE, 8_000, { columns: 100, rows: 5 }).slice(2), [
    "  public.events                                     12 MB of ~90 MB",
    "  and 2 more",
  ]);
  assertEquals(progressFrame("prod", STATE, 8_000, { columns: 100, rows: 1 }).length, 1);
});

for (const columns of [0, 1, 20, 40, 60, 80, 200]) {
  Deno.test(`progressFrame() fits into ${columns} columns`, () => {
    const name = "a_rather_long_environment_name_日本語";
    for (const line of progressFrame(name, STATE, 8_000, { columns, rows: 20 })) {
      assert(stringWidth(line) <= Math.max(10, columns - 1), `${line}|`);
    }
  });
}

Deno.test("lines for logs say what is done and how far it is", () => {
  assertEquals(phaseLine("prod", STATE), "prod: reading");
  assertEquals(planLine("prod", STATE), "prod: 200 tables in 2 schemas, 1.8 GB on the server");
  assertEquals(
    progressLine("prod", STATE, 8_000),
    "prod: reading  28%  512 MB of 1.8 GB  64 MB/s  20s left  2 of 200 tables",
  );
  assertEquals(progressLine("prod", progressStart(0), 0), "prod: connecting");
  assertEquals(
    tableLine("prod", { schema: "public", table: "a\nb", rows: 1, bytes: 2_000_000, duration: 1_200 }),
    "prod: public.a\\nb 1 row, 2 MB, 1.2s",
  );
});
