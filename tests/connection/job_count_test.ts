import { assertEquals, assertMatch } from "@std/assert";
import { chooseJobs, type JobLimits } from "../../lib/connection/job_count.ts";
import type { ConnectionSlots } from "../../lib/connection/connection_slots.ts";

const slots = (free: number): ConnectionSlots => ({ maxConnections: 100, reserved: 3, used: 97 - free, free });
const direct: JobLimits = { kind: "direct", extra: 0 };
const pooler: JobLimits = { kind: "supabase_session_pooler", extra: 0 };

const CASES: readonly [string, number, ConnectionSlots, JobLimits, number, RegExp | undefined][] = [
  ["room for all", 4, slots(50), direct, 4, undefined],
  ["exactly enough", 4, slots(7), direct, 4, undefined],
  ["one too few", 4, slots(6), direct, 3, /lowered from 4 to 3: the server has 6 free/],
  ["connections of our own besides", 4, slots(7), { ...direct, extra: 2 }, 2, /lowered from 4 to 2/],
  ["hardly any", 4, slots(2), direct, 1, /lowered from 4 to 1/],
  ["none", 1, slots(0), direct, 1, /may have to wait/],
  ["one job wanted and room for it", 1, slots(3), direct, 1, undefined],
  ["--max-connections", 8, slots(50), { ...direct, maxConnections: 5 }, 3, /--max-connections is 5/],
  ["--max-connections that is not in the way", 2, slots(50), { ...direct, maxConnections: 9 }, 2, undefined],
  ["a session pooler", 16, slots(50), pooler, 8, /session pooler takes 15/],
  ["a session pooler that is nearly full", 16, slots(4), pooler, 1, /4 free/],
];
for (const [what, wanted, free, limits, jobs, warning] of CASES) {
  Deno.test(`chooseJobs() gives ${jobs} of ${wanted} jobs with ${what}`, () => {
    const chosen = chooseJobs(wanted, free, limits);
    assertEquals(chosen.jobs, jobs);
    if (warning === undefined) assertEquals(chosen.warning, undefined);
    else assertMatch(chosen.warning ?? "", warning);
  });
}
