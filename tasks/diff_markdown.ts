import { groupedAlerts, type ObjectChange, type RowDiff } from "../lib/diff/mod.ts";
import { markdownText, terminalText } from "../lib/report/mod.ts";
import type { DiffDocument } from "./diff_document.ts";
import {
  extensionText,
  objectText,
  roleLines,
  rowDiffText,
  rowsText,
  sideText,
  sizeRows,
  valuesText,
  valueText,
} from "./diff_words.ts";
import { grantWords } from "./grant_words.ts";

/** Lines of SQL that are shown at once. */
const SHORT = 8;

/** A difference as GitHub's Markdown: names and values mark up nothing. */
export function diffMarkdown(diff: DiffDocument): string {
  const parts = [
    `## ${diff.same ? "No difference" : "Differences"}`,
    `- **A** ${markdownText(sideText(diff.before))}\n- **B** ${markdownText(sideText(diff.after))}`,
  ];
  if (diff.alerts.length > 0) {
    const lines = groupedAlerts(diff.alerts).map(({ object, detail }) =>
      `> - **${markdownText(object)}**: ${markdownText(detail)}`
    );
    parts.push(["> [!CAUTION]", ...lines].join("\n"));
  }
  const list = (heading: string, texts: readonly string[]) => {
    if (texts.length > 0) parts.push(`### ${heading}`, texts.map((text) => `- ${text}`).join("\n"));
  };
  const table = (heading: string, titles: readonly string[], rows: readonly (readonly string[])[]) => {
    if (rows.length === 0) return;
    const line = (cells: readonly string[]) => `| ${cells.map(markdownText).join(" | ")} |`;
    const rule = `|${" --- |".repeat(titles.length)}`;
    parts.push(`### ${heading}`, [line(titles), rule, ...rows.map(line)].join("\n"));
  };
  if (diff.objects.length > 0) parts.push("### Schema", ...diff.objects.map(objectPart));
  table(
    "Rows",
    ["", "Table", "Rows"],
    diff.tables.map((one) => [one.change, `${one.schema}.${one.name}`, rowsText(one)]),
  );
  for (const one of diff.rows) parts.push(...rowParts(one));
  table(
    "Sequences",
    ["Sequence", "A", "B"],
    diff.sequences.map((one) => [`${one.schema}.${one.name}`, one.before, one.after]),
  );
  list("Extensions", diff.extensions.map((one) => `${one.change} ${markdownText(extensionText(one))}`));
  table(
    "View options",
    ["View", "A", "B"],
    diff.viewOptions.map(({ schema, view, before, after }) => [
      `${schema}.${view}`,
      before.join(", ") || "none",
      after.join(", ") || "none",
    ]),
  );
  table(
    "Owners and grants",
    ["", "Object", "Change"],
    grantWords(diff.grants).map(({ change, object, words }) => [change, object, words]),
  );
  for (const [index, role] of diff.roles.entries()) {
    if (index === 0) parts.push("### Roles");
    parts.push(`${role.change} **${markdownText(role.role)}**`, fenced("diff", roleLines(role)));
  }
  table("Database", ["", "A", "B"], diff.database.map(({ what, before, after }) => [what, before, after]));
  table("Sizes", ["", "A → B"], sizeRows(diff.sizes));
  list("Notes", diff.notes.map(markdownText));
  return `${parts.join("\n\n")}\n`;
}

function objectPart(one: ObjectChange): string {
  const name = `${one.change} **${markdownText(objectText(one))}**`;
  const lines = one.change === "changed"
    ? one.lines.map(({ op, text }) => op === "…" ? `@@ ${text} @@` : `${op}${text}`)
    : (one.after ?? one.before ?? "").split("\n").map((line) => `${one.change === "added" ? "+" : "-"}${line}`);
  const block = fenced("diff", lines);
  if (one.change === "changed" || lines.length <= SHORT) return `${name}\n\n${block}`;
  return `${name}\n\n<details><summary>SQL</summary>\n\n${block}\n\n</details>`;
}

function rowParts(one: RowDiff): string[] {
  const lines = [
    ...one.changedRows.map(({ key, columns }) =>
      `! ${valuesText(key)}: ${
        columns.map(({ column, before, after }) => `${column} ${valueText(before)} → ${valueText(after)}`).join(", ")
      }`
    ),
    ...one.addedRows.map((row) => `+ ${valuesText(row)}`),
    ...one.removedRows.map((row) => `- ${valuesText(row)}`),
  ];
  const heading = `### Rows of ${markdownText(`${one.schema}.${one.name}`)}`;
  return [heading, markdownText(rowDiffText(one)), ...(lines.length === 0 ? [] : [fenced("diff", lines)])];
}

/** A block of code that no line of it can end. */
function fenced(language: string, lines: readonly string[]): string {
  const text = lines.flatMap((line) => line.split("\n")).map(terminalText).join("\n");
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
