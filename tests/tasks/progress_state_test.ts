import { assertEquals } from "@std/assert";
import type { BackupEvent } from "../../lib/backup/mod.ts";
import { progressAfter, progressFigures, progressStart, type ProgressState } from "../../tasks/progress_state.ts";

/** The state after events, each with its time in milliseconds. */
function after(...events: readonly (readonly [number, BackupEvent])[]): ProgressState {
  return events.reduce((state, [now, event]) => progressAfter(state, event, now), progressStart(0));
}

const reading: BackupEvent = { type: "phase", phase: "read" };
const plan: BackupEvent = { type: "planned", tables: 4, totalBytes: 1_000, schemas: ["a", "b"] };
const started = (table: string, totalBytes: number): BackupEvent => ({
  type: "table_started",
  schema: "a",
  table,
  totalBytes,
});
const at = (table: string, bytes: number): BackupEvent => ({ type: "table_progress", schema: "a", table, bytes });
const done = (table: string, totalBytes: number, bytes: number): BackupEvent => (
  { type: "table_done", schema: "a", table, rows: 10, bytes, totalBytes, duration: 5 }
);

Deno.test("progress knows nothing before the plan", () => {
  assertEquals(progressFigures(after([0, { type: "phase", phase: "lock" }]), 500), {
    share: null,
    rate: null,
    left: null,
    elapsed: 500,
  });
});

Deno.test("progress counts finished tables in full", () => {
  const state = after([0, plan], [0, reading], [0, started("x", 250)], [100, done("x", 250, 100)]);
  assertEquals([state.tablesDone, state.rows, state.bytesRead, state.active.size], [1, 10, 100, 0]);
  assertEquals(progressFigures(state, 100).share, 0.25);
});

Deno.test("progress counts tables in flight by the proportion of the finished ones", () => {
  // x: 200 bytes on the server gave 100 bytes of COPY; so 50 bytes of y stand for 100 on the server.
  const state = after([0, plan], [0, reading], [0, done("x", 200, 100)], [0, started("y", 500)], [1, at("y", 50)]);
  assertEquals(progressFigures(state, 1).share, 0.3);
});

Deno.test("progress of a table in flight stays below its size", () => {
  const state = after([0, plan], [0, reading], [0, started("x", 500)], [1, at("x", 9_999)]);
  assertEquals(progressFigures(state, 1).share, 0.495);
});

Deno.test("progress does not go back", () => {
  // y looks nearly done until x shows that COPY text is longer than the server's size.
  const state = after([0, plan], [0, reading], [0, started("y", 500)], [1, at("y", 400)], [2, started("x", 1)], [
    3,
    done("x", 1, 100),
  ]);
  assertEquals(progressFigures(state, 3).share, 0.4);
});

Deno.test("progress measures rate and time left over the last ten seconds", () => {
  const state = after([0, plan], [0, reading], [2_000, done("x", 100, 50)], [12_000, done("y", 300, 150)]);
  // 300 of 1 000 server bytes and 150 COPY bytes in 10 s, 600 server bytes to go.
  assertEquals(progressFigures(state, 12_000), { share: 0.4, rate: 15, left: 20_000, elapsed: 12_000 });
});

Deno.test("progress gives no time left when all that could be measured is read, and the large objects go on", () => {
  const state = after([0, plan], [0, reading], [2_000, done("x", 100, 50)], [6_000, done("y", 900, 450)]);
  const { share, left } = progressFigures(state, 6_000);
  assertEquals([share, left], [1, null]);
});

Deno.test("progress gives no time left in the first three seconds", () => {
  const state = after([0, plan], [0, reading], [1_500, done("x", 100, 50)]);
  assertEquals(progressFigures(state, 2_000).left, null);
});

Deno.test("progress counts tables where they are all empty", () => {
  const state = after([0, { type: "planned", tables: 2, totalBytes: 0, schemas: ["a"] }], [0, reading], [
    1,
    done("x", 0, 0),
  ]);
  assertEquals(progressFigures(state, 1).share, 0.5);
});

Deno.test("progress is whole while archives are written", () => {
  const state = after([0, plan], [0, reading], [0, done("x", 100, 50)], [1, { type: "phase", phase: "frame" }]);
  assertEquals(progressFigures(state, 1).share, 1);
});

Deno.test("progress tells tables apart whose names hold dots", () => {
  const dotted: BackupEvent = { type: "table_started", schema: "a.b", table: "c", totalBytes: 1 };
  const other: BackupEvent = { type: "table_started", schema: "a", table: "b.c", totalBytes: 1 };
  assertEquals(after([0, dotted], [0, other]).active.size, 2);
});

Deno.test("progress keeps a bounded number of samples", () => {
  let state = progressAfter(progressStart(0), plan, 0);
  for (let now = 0; now < 100_000; now += 10) state = progressAfter(state, at("x", now), now);
  assertEquals(state.samples.length <= 41, true);
});
