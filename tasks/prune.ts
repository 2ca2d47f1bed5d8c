import { counted, EXIT_CODES, PgstrataError, sizeText, systemClock } from "../lib/base/mod.ts";
import { pruneText } from "../lib/report/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { PRUNE_OPTIONS } from "./commands/prune.ts";
import type { Console } from "./console.ts";
import { markTitles } from "./mark_titles.ts";
import { pruneDocument } from "./prune_document.ts";
import { prunePolicy } from "./prune_policy.ts";
import { applyPrune, planPrune, type PruneRun, refusalError } from "./prune_run.ts";
import { readBackups } from "./read_backups.ts";
import { missingText, namedEnvironments } from "./shelf_environments.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";
import { textColumns } from "./table_columns.ts";
import { tellPrune } from "./tell_prune.ts";

/** `pgstrata prune`: the plan, and with `--apply` its doing. */
export async function run(
  { positionals, options }: Invocation<typeof PRUNE_OPTIONS>,
  context: TaskContext,
  { clock }: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const { console } = context;
  if (options.remote || options.from.length > 0) {
    const { pruneRemotes } = await import("./prune_remote.ts");
    return await pruneRemotes({ positionals, options }, context, { clock });
  }
  const { folder, config } = await shelfSetting(context);
  const shelf = await readBackups(folder, "ignore");
  const environments = namedEnvironments({ positionals, env: options.env }, shelf);
  const missing = missingText(environments, shelf);
  if (missing !== null) {
    throw new PgstrataError(`Cannot prune: ${missing}`, {
      code: "usage",
      hint: "`pgstrata list` shows what there is.",
    });
  }
  let pruned = planPrune(shelf, prunePolicy(config.retention, options), environments, clock.now());
  if (!context.json && !(options.apply && console.quiet)) showPlan(pruned, console);
  if (options.apply) {
    using interruption = new Interruption();
    const signal = AbortSignal.any([interruption.signal, context.signal]);
    pruned = await applyPrune(pruned, { clock, signal, onEvent: (event) => tellPrune(event, console) });
  }
  sayEnd(pruned, console);
  const errors = pruned.plan.refusals.map(refusalError);
  for (const error of errors) console.error(error);
  if (context.json) {
    console.document({ ...pruneDocument(pruned), errors: errors.map((error) => console.errorDocument(error)) });
  }
  return errors.length > 0 ? EXIT_CODES.refused : EXIT_CODES.done;
}

/** The plan is the result of a call without `--apply`; with it, what is about to happen, which `--quiet` leaves out. */
function showPlan({ plan, shelf }: PruneRun, console: Console): void {
  const sizes = new Map(shelf.entries.map(({ path, usage }) => [path, usage]));
  const text = pruneText(plan, { columns: textColumns(console), sizes });
  console.result(markTitles(text, console.resultPaint));
}

function sayEnd({ plan, policy, result }: PruneRun, console: Console): void {
  if (plan.overCap && policy.maxBytes !== null) {
    console.warn(
      `the shelf takes ${sizeText(plan.remainingBytes)} where ${sizeText(policy.maxBytes)} are allowed: ` +
        "what is left is protected, or would need review or cold storage",
    );
  }
  const planned = plan.decisions.filter(({ action }) => action === "remove").length;
  if (result !== null) {
    if (result.removed.length > 0) console.say(`${counted(result.removed.length, "folder")} removed`);
  } else if (planned > 0) console.say("Nothing was changed. To do it, add --apply");
}
