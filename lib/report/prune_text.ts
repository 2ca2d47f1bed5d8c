import { counted, sizeText } from "../base/mod.ts";
import type { RetentionDecision, RetentionPlan, TotalUsage } from "../catalog/mod.ts";
import { terminalText } from "./safe_text.ts";
import { textTable, textWidth } from "./text_table.ts";
import { wrapText } from "./wrap_text.ts";

/** How a plan is shown. */
export interface PruneTextOptions {
  /** Columns of the terminal. */
  readonly columns: number;
  /** Room each folder takes, by path. */
  readonly sizes: ReadonlyMap<string, Pick<TotalUsage, "apparent">>;
}

/** Narrowest column of reasons beside a name. */
const NARROWEST = 30;

/** Spaces before each line, and between columns. */
const INDENT = 2;
const GAP = 2;

/** What a plan removes, keeps, wants looked at and wants in cold storage; each with all reasons. For people. */
export function pruneText(plan: RetentionPlan, options: PruneTextOptions): string {
  const { decisions } = plan;
  const removed = decisions.filter(({ action }) => action === "remove");
  const due = decisions.filter((decision) => decision.action === "keep" && decision.reviewDue);
  const sections: [string, readonly RetentionDecision[]][] = [
    ["KEEP", decisions.filter(({ action }) => action === "keep")],
    ["REVIEW, kept until somebody marks or removes them", decisions.filter(({ action }) => action === "review")],
    ["COLD STORAGE, kept until a copy is there", decisions.filter(({ action }) => action === "cold")],
    ["REMOVE", removed],
  ];
  const blocks = sections.filter(([, rows]) => rows.length > 0)
    .map(([title, rows]) => [`${title} (${rows.length})`, ...reasonTable(rows, options)].join("\n"));
  if (due.length > 0) {
    blocks.push([
      "REVIEW IS DUE, kept long enough to ask whether they are still needed",
      ...due.map(({ path }) => `  ${terminalText(path)}`),
    ].join("\n"));
  }
  return `${[...blocks, endText(plan)].join("\n\n")}\n`;
}

/** Everything that keeps a backup, or the one reason why it goes: for one line. */
export function decisionText(decision: RetentionDecision): string {
  switch (decision.action) {
    case "keep":
      return decision.rules.map(({ text }) => text).join("; ");
    case "remove":
    case "review":
    case "cold":
      return decision.reason;
    default:
      return decision satisfies never;
  }
}

/**
 * A table whose last column is broken into lines instead of cut: every reason can be read. Where a name leaves too
 * little room for that, it stands on a line of its own.
 */
function reasonTable(decisions: readonly RetentionDecision[], { columns, sizes }: PruneTextOptions): string[] {
  const facts = decisions.map(({ path }) => [terminalText(path), sizeText(sizes.get(path)?.apparent ?? 0)] as const);
  const widest = (at: 0 | 1, most = Infinity) =>
    Math.max(0, ...facts.map((fact) => textWidth(fact[at])).filter((width) => width <= most));
  const widestName = columns - INDENT - widest(1) - 2 * GAP - NARROWEST;
  const width = Math.max(NARROWEST, columns - INDENT - widest(0, widestName) - widest(1) - 2 * GAP);
  const above = new Map<number, string>();
  const rows: string[][] = [];
  for (const [index, decision] of decisions.entries()) {
    const [path = "", size = ""] = facts[index] ?? [];
    const isLong = textWidth(path) > widestName;
    if (isLong) above.set(rows.length, path);
    for (const [number, line] of wrapText(terminalText(decisionText(decision)), width).entries()) {
      rows.push(number === 0 ? [isLong ? "" : path, size, line] : ["", "", line]);
    }
  }
  const lines = textTable(
    [{ title: "", widest: 200 }, { title: "", align: "right" }, { title: "", widest: 400 }],
    rows,
    INDENT,
  );
  return lines.flatMap((line, index) => above.has(index) ? [" ".repeat(INDENT) + above.get(index), line] : [line]);
}

function endText({ decisions, freedBytes, remainingBytes }: RetentionPlan): string {
  const removed = decisions.filter(({ action }) => action === "remove").length;
  return removed === 0
    ? `Nothing to remove; the shelf takes ${sizeText(remainingBytes)}`
    : `${counted(removed, "folder")} of ${decisions.length}: ${sizeText(freedBytes)} come free, ` +
      `${sizeText(remainingBytes)} remain on the shelf`;
}
