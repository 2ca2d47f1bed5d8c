import { counted, sizeText } from "../base/mod.ts";
import { isSameEnvironment, type RetentionDecision, type RetentionPlan, type Shelf } from "../catalog/mod.ts";
import { htmlTable } from "./html_table.ts";
import { type Html, markup } from "./html_text.ts";
import { decisionText } from "./prune_text.ts";

/** Decisions that are listed. */
const MOST_ROWS = 150;

const TONES = { keep: undefined, remove: "warn", review: "warn", cold: "warn" } as const;

/** What the rules in force make of an environment's backups, what goes first. */
export function retentionHtml(plan: RetentionPlan, shelf: Shelf, environment: string): Html {
  const entries = new Map(shelf.entries.map((entry) => [entry.path, entry]));
  const own = plan.decisions.filter(({ path }) => {
    const name = entries.get(path)?.environment ?? null;
    return name !== null && isSameEnvironment(name, environment);
  });
  const refusals = plan.refusals.filter((refusal) => isSameEnvironment(refusal.environment, environment));
  const order: Readonly<Record<RetentionDecision["action"], number>> = { remove: 0, cold: 1, review: 2, keep: 3 };
  const rows = own.toSorted((a, b) => order[a.action] - order[b.action]).map((decision) => {
    const bytes = entries.get(decision.path)?.usage.apparent ?? 0;
    const due = decision.action === "keep" && decision.reviewDue ? " (review is due)" : "";
    const tone = TONES[decision.action];
    return {
      cells: [
        decision.path,
        `${decision.action}${due}`,
        { show: sizeText(bytes), sort: bytes },
        decisionText(decision),
      ],
      ...(tone === undefined ? {} : { tone }),
    };
  });
  const counts = (["keep", "remove", "review", "cold"] as const).map((action) =>
    [action, own.filter((decision) => decision.action === action).length] as const
  ).filter(([, count]) => count > 0);
  const columns = [{ title: "Backup" }, { title: "Plan" }, { title: "Size", align: "right" as const }, {
    title: "Why",
  }];
  return markup`${refusals.map(({ reason }) => markup`<p class="bad">Nothing is removed: ${reason}.</p>`)}<p>${
    counted(own.length, "folder")
  }: ${
    counts.map(([action, count]) => `${count} ${action}`).join(", ")
  }. Nothing is done before <code>pgstrata prune --apply</code>.</p>${
    htmlTable("Retention plan", columns, rows, { most: MOST_ROWS })
  }`;
}
