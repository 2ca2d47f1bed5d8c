import { assertEquals } from "@std/assert";
import { worstExit } from "../../tasks/worst_exit.ts";

for (
  const [codes, worst] of [
    [[], 0],
    [[0, 0], 0],
    [[0, 3], 3],
    [[4, 3], 4],
    [[1, 4], 1],
    [[6, 5], 6],
    [[130, 1], 130],
    [[99, 0], 1],
  ] as const
) {
  Deno.test(`worstExit() of ${codes.join(", ") || "nothing"} is ${worst}`, () => {
    assertEquals(worstExit(codes), worst);
  });
}
