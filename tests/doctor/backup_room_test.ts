import { assertEquals, assertStringIncludes } from "@std/assert";
import type { BackupSummary } from "../../lib/catalog/mod.ts";
import { judgeRoom, type RoomFacts } from "../../lib/doctor/mod.ts";

const FACTS: RoomFacts = {
  heapBytes: 1_000,
  free: 1e9,
  shelf: "/backups",
  tiers: ["full", "schema", "table"],
  last: null,
  dedup: false,
};

/** A last backup of 1 000 bytes. */
const LAST = {
  status: "complete",
  tiers: ["full", "schema", "table"],
  bytes: { full: 200, schema: 200, table: 600, root: 0 },
  dataBytes: 400,
  startedAt: "2026-03-01T02:00:00Z",
  finishedAt: "2026-03-01T02:01:00Z",
} as unknown as BackupSummary;

for (
  const [what, change, state] of [
    ["a tenth of the heap or more for three tiers", { free: 100 }, "warning"],
    ["less than a tenth", { free: 99 }, "problem"],
    ["a fiftieth for archives alone", { free: 20, tiers: ["full"] }, "warning"],
    ["less than a fiftieth", { free: 19, tiers: ["full"] }, "problem"],
    ["twice the heap", { free: 2_000 }, "ok"],
    ["half of the last backup", { free: 500, last: LAST }, "warning"],
    ["less than half of the last backup, however small the tables seem", {
      free: 499,
      last: LAST,
      heapBytes: 0,
    }, "problem"],
    ["little, but the last was small although the pages are many (dead rows)", {
      free: 1_200,
      last: LAST,
      heapBytes: 1e6,
    }, "ok"],
    ["nothing at all, with --dedup", { free: 0, last: LAST, dedup: true }, "ok"],
    ["no rows to read", { free: 0, heapBytes: 0 }, "ok"],
  ] as const satisfies readonly (readonly [string, Partial<RoomFacts>, string])[]
) {
  Deno.test(`room for ${what} is ${state}`, () => {
    const check = judgeRoom({ ...FACTS, ...change });
    assertEquals(check.state, state, check.message);
    if (state !== "ok") assertStringIncludes(check.fix ?? "", "pgstrata prune");
  });
}
