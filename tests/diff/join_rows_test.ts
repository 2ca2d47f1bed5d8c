import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { joinRows } from "../../lib/diff/join_rows.ts";
import { RowCollector } from "../../lib/diff/row_collector.ts";
import { rowShape } from "../../lib/diff/row_shape.ts";

interface Counts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly same: number;
}

async function join(
  before: readonly string[],
  after: readonly string[],
  keyed: boolean,
  limit: number,
): Promise<Counts> {
  const shape = rowShape(["id", "value"], ["id", "value"], keyed ? ["id"] : null);
  const collector = new RowCollector(shape, 5);
  const rows = (all: readonly string[]) => ({
    bytes: all.reduce((sum, row) => sum + row.length + 1, 0),
    read: (onRow: (row: string) => void) => {
      all.forEach(onRow);
      return Promise.resolve();
    },
  });
  await joinRows(rows(before), rows(after), shape, collector, limit);
  const { added, removed, changed, same } = collector;
  return { added, removed, changed, same };
}

Deno.test("joinRows() counts by key what a map of all rows counts, in memory and in parts", async () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom("a", "b"));
  const side = fc.uniqueArray(row, { selector: ([key]) => key, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(side, side, fc.constantFrom(1, 40, 10_000), async (before, after, limit) => {
      const now = new Map(after);
      const expected = { added: 0, removed: 0, changed: 0, same: 0 };
      for (const [key, value] of before) {
        if (!now.has(key)) expected.removed++;
        else if (now.get(key) === value) expected.same++;
        else expected.changed++;
      }
      expected.added = after.length - expected.same - expected.changed;
      const text = (rows: readonly (readonly [number, string])[]) => rows.map(([key, value]) => `${key}\t${value}`);
      assertEquals(await join(text(before), text(after), true, limit), expected);
    }),
    { numRuns: 60 },
  );
});

Deno.test("joinRows() without a key matches equal rows as often as they stand on both sides", async () => {
  const before = ["1\ta", "1\ta", "1\ta", "2\tb"];
  const after = ["1\ta", "2\tb", "2\tb", "3\tc"];
  for (const limit of [1, 10_000]) {
    assertEquals(await join(before, after, false, limit), { added: 2, removed: 2, changed: 0, same: 2 });
  }
});

Deno.test("joinRows() comes to an end when more equal rows than fit cannot be parted", async () => {
  const rows = Array.from({ length: 1000 }, () => "1\tthe same");
  assertEquals(await join(rows, rows, false, 100), { added: 0, removed: 0, changed: 0, same: 1000 });
});

Deno.test("rowShape() compares the columns of both sides whatever their order", () => {
  const shape = rowShape(["id", "a", "gone"], ["come", "a", "id"], ["id"]);
  assertEquals(shape.columns, ["id", "a"]);
  assertEquals([shape.before, shape.after, shape.key], [[0, 1], [2, 1], [0]]);
  assert(!shape.isSame);
  assertEquals(rowShape(["a"], ["a"], ["id"]).key, null, "a key that is not on both sides is none");
});
