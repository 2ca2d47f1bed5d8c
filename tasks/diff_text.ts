import { countText } from "../lib/base/mod.ts";
import { groupedAlerts, type ObjectChange, type RowDiff } from "../lib/diff/mod.ts";
import { terminalText, textTable } from "../lib/report/mod.ts";
import type { DiffDocument } from "./diff_document.ts";
import {
  extensionText,
  kindCounts,
  MARKS,
  objectText,
  roleLines,
  rowDiffText,
  rowsText,
  sideText,
  sizeChangeText,
  sizeRows,
  valuesText,
  valueText,
} from "./diff_words.ts";
import { grantWords } from "./grant_words.ts";
import type { Paint } from "./paint.ts";

/** How a difference is shown. */
export interface DiffTextOptions {
  readonly paint: Paint;
  /** Also the SQL of what came and went. */
  readonly verbose: boolean;
}

/** A difference for people. */
export function diffText(diff: DiffDocument, options: DiffTextOptions): string {
  const { paint } = options;
  const title = (text: string) => ["", paint.bold(text)];
  const lines = [`A  ${terminalText(sideText(diff.before))}`, `B  ${terminalText(sideText(diff.after))}`];
  if (diff.alerts.length > 0) {
    lines.push(...title(paint.red("LOOK AT THIS FIRST")));
    for (const { object, detail } of options.verbose ? diff.alerts : groupedAlerts(diff.alerts)) {
      lines.push(paint.red(terminalText(`! ${object}: ${detail}`)));
    }
  }
  if (diff.objects.length > 0) lines.push(...title("SCHEMA"), ...objectLines(diff.objects, options));
  if (diff.tables.length > 0) {
    const rows = diff.tables.map((table) => [MARKS[table.change], `${table.schema}.${table.name}`, rowsText(table)]);
    const columns = [{ title: "" }, { title: "", widest: 80 }, { title: "", widest: 100 }];
    lines.push(...title("ROWS"), ...textTable(columns, rows).map((line) => coloured(line, paint)));
    if (diff.tablesSame > 0) lines.push(`  ${countText(diff.tablesSame)} other tables hold the same rows`);
  }
  for (const table of diff.rows) {
    lines.push(...title(`ROWS OF ${terminalText(`${table.schema}.${table.name}`)}`), ...rowLines(table, paint));
  }
  if (diff.sequences.length > 0) {
    lines.push(...title("SEQUENCES"));
    for (const { schema, name, before, after } of diff.sequences) {
      lines.push(terminalText(`~ ${schema}.${name} ${before} → ${after}`));
    }
  }
  if (diff.largeObjects !== null) {
    const { countBefore, countAfter, bytesBefore, bytesAfter } = diff.largeObjects;
    lines.push(...title("LARGE OBJECTS"));
    lines.push(`~ ${countText(countBefore)} → ${countText(countAfter)}, ${sizeChangeText(bytesBefore, bytesAfter)}`);
  }
  const section = (heading: string, texts: readonly string[]) => {
    if (texts.length > 0) lines.push(...title(heading), ...texts.map((text) => coloured(terminalText(text), paint)));
  };
  section("EXTENSIONS", diff.extensions.map((one) => `${MARKS[one.change]} ${extensionText(one)}`));
  section(
    "VIEW OPTIONS",
    diff.viewOptions.map(({ schema, view, before, after }) =>
      `~ ${schema}.${view}: ${before.join(", ") || "none"} → ${after.join(", ") || "none"}`
    ),
  );
  section(
    "OWNERS AND GRANTS",
    grantWords(diff.grants, options.verbose).map(({ change, object, words }) => `${MARKS[change]} ${object}: ${words}`),
  );
  section(
    "ROLES",
    diff.roles.flatMap((one) => [`${MARKS[one.change]} ${one.role}`, ...roleLines(one).map((line) => `    ${line}`)]),
  );
  section("DATABASE", diff.database.map(({ what, before, after }) => `~ ${what} ${before} → ${after}`));
  lines.push(...title("SIZES"), ...sizeLines(diff));
  if (diff.notes.length > 0) lines.push(...title("NOTES"), ...diff.notes.map((note) => terminalText(`- ${note}`)));
  lines.push("", diff.same ? paint.green("The same.") : paint.bold("Different."));
  return lines.join("\n");
}

/** Tables first, with what hangs on them; what came and went with its table is only counted. */
function objectLines(objects: readonly ObjectChange[], { paint, verbose }: DiffTextOptions): string[] {
  const lines: string[] = [];
  const whole = new Set(
    objects.filter(({ table, change, kind }) => table === null && change !== "changed" && /TABLE$/.test(kind))
      .map(({ schema, name, change }) => `${change} ${schema}.${name}`),
  );
  for (const one of objects) {
    if (one.table !== null && whole.has(`${one.change} ${one.table}`) && !verbose) continue;
    const below = whole.has(`${one.change} ${one.schema}.${one.name}`)
      ? objects.filter(({ table, change }) => table === `${one.schema}.${one.name}` && change === one.change)
      : [];
    const tail = below.length === 0 ? "" : ` (with ${kindCounts(below)})`;
    lines.push(coloured(terminalText(`${MARKS[one.change]} ${objectText(one)}${tail}`), paint));
    for (const { op, text } of one.lines) lines.push(coloured(`    ${op} ${terminalText(text)}`.trimEnd(), paint));
    if (!verbose || one.change === "changed") continue;
    for (const text of (one.after ?? one.before ?? "").split("\n")) lines.push(`    ${terminalText(text)}`.trimEnd());
  }
  return lines;
}

function rowLines(table: RowDiff, paint: Paint): string[] {
  const lines = [`  ${terminalText(rowDiffText(table))}`];
  const add = (text: string) => lines.push(coloured(terminalText(text), paint));
  const { columnsGone, columnsCome } = table;
  if (columnsGone.length > 0) add(`- columns ${columnsGone.join(", ")} (their values are not compared)`);
  if (columnsCome.length > 0) add(`+ columns ${columnsCome.join(", ")} (their values are not compared)`);
  for (const { key, columns } of table.changedRows) {
    const changes = columns.map(({ column, before, after }) => `${column} ${valueText(before)} → ${valueText(after)}`);
    add(`~ ${valuesText(key)}: ${changes.join(", ")}`);
  }
  for (const row of table.addedRows) add(`+ ${valuesText(row)}`);
  for (const row of table.removedRows) add(`- ${valuesText(row)}`);
  const hidden = table.added + table.removed + table.changed - table.addedRows.length - table.removedRows.length -
    table.changedRows.length;
  if (hidden > 0) lines.push(`  ${countText(hidden)} more are not shown: --limit`);
  return lines;
}

function sizeLines({ sizes }: DiffDocument): string[] {
  return textTable([{ title: "" }, { title: "" }], sizeRows(sizes), 2);
}

/** By the mark it begins with. */
function coloured(line: string, paint: Paint): string {
  switch (line.trimStart()[0]) {
    case "+":
      return paint.green(line);
    case "-":
      return paint.red(line);
    case "~":
      return paint.yellow(line);
    default:
      return line;
  }
}
