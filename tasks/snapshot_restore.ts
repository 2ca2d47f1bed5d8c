import { counted } from "../lib/base/mod.ts";
import { terminalText } from "../lib/report/mod.ts";
import {
  findSnapshot,
  parseTableName,
  planRestoreRows,
  requireInstalled,
  restoreInto,
  restoreRows,
  type RowPlan,
  type SnapshotRow,
} from "../lib/snapshot/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { RESTORE_OPTIONS } from "./commands/snapshot.ts";
import { confirmed, documentHead, type SnapshotWork, usage, withDatabase } from "./snapshot.ts";
import { originalName } from "./snapshot_text.ts";

/** `pgstrata snapshot restore`. */
export function run(invocation: Invocation<typeof RESTORE_OPTIONS>, context: TaskContext): Promise<number> {
  const { into, replace, rows } = invocation.options;
  if ([into !== undefined, replace, rows !== undefined].filter(Boolean).length !== 1) {
    throw usage("a restore needs one way", "Give one of --into TABLE, --replace, --rows CONDITION.");
  }
  return withDatabase(invocation, context, async (work) => {
    await requireInstalled(work.session);
    const row = await findSnapshot(work.session, invocation.positionals[0] ?? "");
    return into === undefined
      ? await inPlace(invocation.options, row, work, context)
      : await intoTable(into, row, work, context);
  });
}

async function intoTable(into: string, row: SnapshotRow, work: SnapshotWork, context: TaskContext): Promise<number> {
  const { console } = context;
  const result = await restoreInto(work.session, row, await parseTableName(work.session, into));
  if (context.json) {
    console.document({ ...documentHead("restore", work.target), way: "into", snapshot: row.id, ...result });
  } else {
    for (const text of result.leftOut) console.warn(`left out: ${terminalText(text)}`);
    console.say(
      `Restored ${counted(result.rows, "row")} into ${
        terminalText(result.table)
      }; it is yours alone, with row security on`,
    );
    console.result(result.table);
  }
  return 0;
}

async function inPlace(
  options: Invocation<typeof RESTORE_OPTIONS>["options"],
  row: SnapshotRow,
  work: SnapshotWork,
  context: TaskContext,
): Promise<number> {
  const { session, target } = work;
  const { console } = context;
  const request = {
    condition: options.rows ?? null,
    lockTimeout: options["lock-timeout"],
    safetyCopy: options["safety-copy"],
  };
  const head = { ...documentHead("restore", target), way: options.replace ? "replace" : "rows", snapshot: row.id };
  if (!confirmed(options.yes, target)) {
    const plan = await planRestoreRows(session, row, request);
    if (context.json) console.document({ ...head, done: false, ...plan });
    else console.say(`${planText(plan, row)}\nNothing was changed. To do it: --yes ${target.database}`);
    return 0;
  }
  const result = await restoreRows(session, row, request, (plan) => console.say(planText(plan, row)));
  if (context.json) console.document({ ...head, done: true, ...result });
  else {
    if (result.safetyCopy !== null) console.say(`The table as it was before is snapshot ${result.safetyCopy}`);
    console.say(`Restored ${originalName(row)} from snapshot ${row.id}`);
  }
  return 0;
}

function planText(plan: RowPlan, row: SnapshotRow): string {
  const lines = [
    `${originalName(row)} from snapshot ${row.id}: ${counted(plan.inserted, "row comes", "rows come")}, ${
      counted(plan.deleted, "goes", "go")
    }` +
    (plan.updated === null
      ? " (no key: all rows are replaced)"
      : `, ${counted(plan.updated, "gets its old values", "get their old values")}`),
  ];
  if (plan.untouchedColumns.length > 0) {
    lines.push(`  columns the copy does not have: ${plan.untouchedColumns.map(terminalText).join(", ")}`);
  }
  if (plan.lostColumns.length > 0) {
    lines.push(`  columns the table has no more, left out: ${plan.lostColumns.map(terminalText).join(", ")}`);
  }
  if (plan.silenced > 0) lines.push(`  triggers and rules that are off meanwhile: ${plan.silenced}`);
  return lines.join("\n");
}
