import { assertEquals } from "@std/assert";
import { shortVersion } from "../../lib/report/mod.ts";

Deno.test("shortVersion() takes the number out of what a server says of itself", () => {
  const cases = [
    ["15.18 (Debian 15.18-0+deb12u1)", "15.18"],
    ["17.2", "17.2"],
    ["18beta1", "18"],
    ["", ""],
  ] as const;
  for (const [version, short] of cases) assertEquals(shortVersion(version), short);
});
