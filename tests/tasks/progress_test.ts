import { assert, assertEquals } from "@std/assert";
import type { BackupEvent } from "../../lib/backup/mod.ts";
import { Progress } from "../../tasks/progress.ts";
import { fakeContext } from "./fake_context.ts";

function fakeClock() {
  let now = 0;
  return { now: () => new Date(now), monotonic: () => now, pass: (milliseconds: number) => void (now += milliseconds) };
}

const plan: BackupEvent = { type: "planned", tables: 3, totalBytes: 1_000_000, schemas: ["a"] };
const reading: BackupEvent = { type: "phase", phase: "read" };
const done = (table: string): BackupEvent => (
  { type: "table_done", schema: "a", table, rows: 7, bytes: 1_000, totalBytes: 250_000, duration: 40 }
);

Deno.test("Progress writes lines at a sane rate where there is no terminal", () => {
  const context = fakeContext();
  const clock = fakeClock();
  const progress = new Progress("prod", context, clock);
  progress.tell(plan);
  progress.tell(reading);
  for (let second = 0; second < 90; second++) {
    clock.pass(1_000);
    progress.tell({ type: "table_progress", schema: "a", table: "x", bytes: second });
  }
  progress.tell({ type: "warning", message: "it is late" });
  progress.end();
  progress.tell(done("x"));
  assertEquals(context.err.text().split("\n").map((line) => line.replace(/ {2}.*/, "")), [
    "prod: 3 tables in 1 schema, 1 MB on the server",
    "prod: reading",
    "prod: reading",
    "prod: reading",
    "prod: reading",
    "warning: it is late",
    "",
  ]);
});

Deno.test("Progress writes a line for every table with --verbose", () => {
  const context = fakeContext({ verbose: true });
  const progress = new Progress("prod", context, fakeClock());
  progress.tell(done("x"));
  progress.end();
  assertEquals(context.err.text(), "prod: a.x 7 rows, 1 kB, 0.0s\n");
});

Deno.test("Progress says only warnings with --quiet, also on a terminal", () => {
  const context = fakeContext({ quiet: true, terminal: true });
  const progress = new Progress("prod", context, fakeClock());
  progress.tell(plan);
  progress.tell({ type: "notice", message: "a notice" });
  progress.tell({ type: "warning", message: "it is late" });
  progress.end();
  assertEquals(context.err.text(), "warning: it is late\n");
});

Deno.test("Progress draws at most ten times a second on a terminal", () => {
  const context = fakeContext({ terminal: true });
  const clock = fakeClock();
  const progress = new Progress("prod", context, clock);
  progress.tell(plan);
  progress.tell(reading);
  for (let event = 0; event < 1_000; event++) {
    clock.pass(2);
    progress.tell({ type: "table_progress", schema: "a", table: "x", bytes: event });
  }
  progress.end();
  const frames = context.err.text().split("prod: reading").length - 1;
  assert(frames >= 18 && frames <= 22, String(frames));
});

Deno.test("Progress leaves nothing on the terminal but what was said", () => {
  const context = fakeContext({ terminal: true });
  const progress = new Progress("prod", context, fakeClock());
  progress.tell(plan);
  progress.tell(reading);
  progress.tell({ type: "table_started", schema: "a", table: "x", totalBytes: 10 });
  progress.tell({ type: "warning", message: "it is late" });
  progress.tell({ type: "phase", phase: "seal" });
  progress.end();
  progress.end();
  assertEquals(screen(context.err.text()), ["warning: it is late", ""]);
});

/** What a terminal shows after text with the two sequences a display uses: up N lines, clear to the end. */
function screen(text: string): string[] {
  let lines = [""];
  // deno-lint-ignore no-control-regex
  for (const part of text.split(/(\x1b\[\d*[AJ]|\n)/)) {
    // deno-lint-ignore no-control-regex
    const up = /^\x1b\[(\d+)A$/.exec(part);
    if (part === "\n") lines.push("");
    else if (up !== null) lines = [...lines.slice(0, lines.length - 1 - Number(up[1])), ""];
    else if (part !== "\x1b[J") lines[lines.length - 1] += part.replaceAll("\r", "");
  }
  return lines;
}
