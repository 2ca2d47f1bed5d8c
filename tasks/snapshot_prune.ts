import { PgstrataError, qualifiedName, sizeText, systemClock, toPgstrataError } from "../lib/base/mod.ts";
import { terminalText, textTable } from "../lib/report/mod.ts";
import { dropSnapshot, type DueSnapshot, findSnapshot, planPrune, reviewSnapshot } from "../lib/snapshot/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { PRUNE_OPTIONS } from "./commands/snapshot.ts";
import { documentHead, withDatabase } from "./snapshot.ts";

/** `pgstrata snapshot prune`. */
export function run(
  invocation: Invocation<typeof PRUNE_OPTIONS>,
  context: TaskContext,
  clock = systemClock,
): Promise<number> {
  const { apply, reviewed } = invocation.options;
  return withDatabase(invocation, context, async ({ session, target }) => {
    const { console } = context;
    const now = clock.now();
    for (const argument of reviewed) await reviewSnapshot(session, (await findSnapshot(session, argument)).id, now);
    const plan = await planPrune(session, now);
    const dropped: number[] = [];
    const errors: PgstrataError[] = [];
    for (const due of apply ? plan : []) {
      if (due.action !== "drop" && due.action !== "record") continue;
      try {
        await dropSnapshot(session, due.id, { reason: reasonOf(due), lockTimeout: invocation.options["lock-timeout"] });
        dropped.push(due.id);
      } catch (error) {
        errors.push(toPgstrataError(error));
      }
    }
    for (const error of errors) console.error(error);
    if (context.json) {
      console.document({
        ...documentHead("prune", target),
        applied: apply,
        plan,
        dropped,
        errors: errors.map((error) => console.errorDocument(error)),
      });
    } else console.result(planText(plan, apply, dropped));
    return errors[0]?.exit ?? 0;
  });
}

function reasonOf({ kind, action }: DueSnapshot): string {
  return action === "record" ? "the copy had been dropped by hand" : `retention of kind ${kind}`;
}

const ACTIONS: Readonly<Record<DueSnapshot["action"], string>> = {
  drop: "drop",
  export: "export first: snapshot export ID --drop",
  review: "review, then --reviewed ID",
  blocked: "stays: others depend on it",
  record: "record that it has gone",
};

function planText(plan: readonly DueSnapshot[], applied: boolean, dropped: readonly number[]): string {
  if (plan.length === 0) return "Nothing is due.";
  const lines = textTable(
    [{ title: "id", align: "right" }, { title: "table" }, { title: "kind" }, { title: "due" }, {
      title: "size",
      align: "right",
    }, {
      title: "what",
      widest: 100,
    }],
    plan.map((due) => [
      String(due.id),
      terminalText(qualifiedName(due.originalSchema, due.originalTable)),
      due.kind,
      due.due?.slice(0, 10) ?? "-",
      due.sizeBytes === null ? "-" : sizeText(due.sizeBytes),
      dropped.includes(due.id) ? "dropped" : [ACTIONS[due.action], ...due.dependents].join("; "),
    ]),
  );
  const waiting = plan.filter(({ action }) => action === "drop" || action === "record").length;
  if (!applied && waiting > 0) lines.push("", `Nothing was changed. To drop ${waiting}: --apply`);
  return lines.join("\n");
}
