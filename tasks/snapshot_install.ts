import { installSnapshots, planUninstall, uninstallSnapshots } from "../lib/snapshot/mod.ts";
import { sizeText } from "../lib/base/mod.ts";
import { terminalText } from "../lib/report/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { INSTALL_OPTIONS, UNINSTALL_OPTIONS } from "./commands/snapshot.ts";
import { confirmed, documentHead, withDatabase } from "./snapshot.ts";

/** `pgstrata snapshot install`. */
export function runInstall(invocation: Invocation<typeof INSTALL_OPTIONS>, context: TaskContext): Promise<number> {
  const { grant, revoke } = invocation.options;
  return withDatabase(invocation, context, async ({ session, target }) => {
    const result = await installSnapshots(session, { grant, revoke });
    const { console } = context;
    if (result.granted.length > 0) {
      console.warn(
        `${
          result.granted.join(", ")
        } can make copies of every table they may read, and read every row of every copy, ` +
          "whatever row security the original has.",
      );
    }
    if (context.json) console.document({ ...documentHead("install", target), ...result });
    else {
      console.say(
        result.applied.length === 0
          ? `Table snapshots are up to date (version ${result.version}, owner ${terminalText(result.owner)})`
          : `Installed table snapshots (version ${result.version}, owner ${terminalText(result.owner)})`,
      );
    }
    return 0;
  });
}

/** `pgstrata snapshot uninstall`. */
export function runUninstall(invocation: Invocation<typeof UNINSTALL_OPTIONS>, context: TaskContext): Promise<number> {
  return withDatabase(invocation, context, async ({ session, target }) => {
    const { console } = context;
    const act = confirmed(invocation.options.yes, target);
    const plan = act ? await uninstallSnapshots(session) : await planUninstall(session);
    const copies = plan.copies.map(({ backupTable }) => backupTable);
    if (context.json) {
      console.document({
        ...documentHead("uninstall", target),
        done: act,
        copies,
        totalBytes: plan.totalBytes,
        schedules: plan.schedules,
        obstacles: plan.obstacles,
      });
      return 0;
    }
    for (const name of copies) console.say(`  ${act ? "dropped" : "would drop"} backup.${terminalText(name)}`);
    for (const name of plan.schedules) console.say(`  ${act ? "ended" : "would end"} job ${terminalText(name)}`);
    for (const text of plan.obstacles) console.warn(terminalText(text));
    const size = `${copies.length} copies, ${sizeText(plan.totalBytes)}`;
    console.say(
      act
        ? `Uninstalled table snapshots: ${size}`
        : `Would drop schema backup with ${size}. To do it: --yes ${target.database}`,
    );
    return 0;
  });
}
