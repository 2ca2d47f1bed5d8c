import { diffSnapshot, findSnapshot, requireInstalled } from "../lib/snapshot/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { DIFF_OPTIONS } from "./commands/snapshot.ts";
import { documentHead, withDatabase } from "./snapshot.ts";
import { diffText } from "./snapshot_text.ts";

/** `pgstrata snapshot diff`. */
export function run(invocation: Invocation<typeof DIFF_OPTIONS>, context: TaskContext): Promise<number> {
  return withDatabase(invocation, context, async ({ session, target }) => {
    await requireInstalled(session);
    const row = await findSnapshot(session, invocation.positionals[0] ?? "");
    const diff = await diffSnapshot(session, row, invocation.options.limit);
    if (context.json) context.console.document({ ...documentHead("diff", target), snapshot: row, ...diff });
    else context.console.result(diffText(diff, row));
    return 0;
  });
}
