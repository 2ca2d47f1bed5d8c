import { terminalText, textTable } from "../lib/report/mod.ts";
import {
  installSchedule,
  listSchedules,
  removeSchedules,
  requireInstalled,
  resolveTable,
  type ScheduledWork,
} from "../lib/snapshot/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { SCHEDULE_OPTIONS } from "./commands/snapshot.ts";
import { documentHead, usage, withDatabase } from "./snapshot.ts";

/** `pgstrata snapshot schedule`. */
export function run(invocation: Invocation<typeof SCHEDULE_OPTIONS>, context: TaskContext): Promise<number> {
  const { options, positionals: [table] } = invocation;
  const { at, prune, remove, kind, reason } = options;
  if (at === undefined && (table !== undefined || prune)) throw usage("it is not said when", "Give --at '0 3 * * *'.");
  if (at !== undefined && (table === undefined) !== prune) {
    throw usage("it is not clear what to do", "Give a table to copy, or --prune.");
  }
  return withDatabase(invocation, context, async ({ session, target }) => {
    const { console } = context;
    await requireInstalled(session);
    await removeSchedules(session, remove);
    if (at !== undefined) {
      const work: ScheduledWork = table === undefined
        ? { work: "prune" }
        : { work: "create", table: await resolveTable(session, table), kind, reason };
      const { name } = await installSchedule(session, at, work);
      console.say(`Scheduled: ${terminalText(name)}`);
    }
    const jobs = await listSchedules(session);
    if (context.json) console.document({ ...documentHead("schedule", target), jobs });
    else if (jobs.length === 0) console.result("No jobs.");
    else {
      console.result(
        textTable(
          [{ title: "job" }, { title: "at" }, { title: "runs", widest: 120 }],
          jobs.map(({ name, at: when, command }) => [name, when, command]),
        ).join("\n"),
      );
    }
    return 0;
  });
}
