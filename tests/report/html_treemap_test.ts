import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { treemap } from "../../lib/report/html_treemap.ts";

const BOX = { x: 10, y: 20, width: 300, height: 200 };

Deno.test("treemap() gives each item its share of the area, inside the box and beside the others", () => {
  const values = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(values, (all) => {
    const total = all.reduce((sum, value) => sum + value, 0);
    const tiles = treemap(all.map((value) => ({ value, item: value })), BOX);
    assertEquals(tiles.length, all.filter((value) => value > 0).length);
    for (const { x, y, width, height, item } of tiles) {
      const area = item / total * BOX.width * BOX.height;
      assert(Math.abs(width * height - area) < 0.01 + area * 1e-6, `${width} x ${height} for ${area}`);
      assert(x >= BOX.x - 1e-6 && x + width <= BOX.x + BOX.width + 1e-6);
      assert(y >= BOX.y - 1e-6 && y + height <= BOX.y + BOX.height + 1e-6);
    }
    for (const [index, one] of tiles.entries()) {
      for (const other of tiles.slice(index + 1)) {
        const wide = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
        const high = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
        assert(wide < 1e-6 || high < 1e-6, "tiles lie over each other");
      }
    }
  }));
});

Deno.test("treemap() makes tiles of equal items nearly square", () => {
  const tiles = treemap(Array.from({ length: 24 }, (_, item) => ({ value: 1, item })), BOX);
  for (const { width, height } of tiles) assert(Math.max(width / height, height / width) < 2);
});
