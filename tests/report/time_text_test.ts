import { assertEquals } from "@std/assert";
import { agoText } from "../../lib/report/time_text.ts";

const NOW = new Date("2026-06-15T12:00:00Z");

const AGO: readonly (readonly [number, string])[] = [
  [0, "0s ago"],
  [-90_000, "90s ago"],
  [-3 * 3_600_000, "3h ago"],
  [400, "0s ago"],
  [5_000, "in 5s"],
  [600_000, "in 10min"],
];

for (const [offset, text] of AGO) {
  Deno.test(`a time ${offset} ms from now is ${text}`, () => {
    assertEquals(agoText(new Date(NOW.getTime() + offset), NOW), text);
  });
}
