import { type DatabaseDiff, groupedAlerts } from "../lib/diff/mod.ts";
import type { DifferenceGroup, ReportDifference } from "../lib/report/mod.ts";
import { extensionText, objectText, roleLines, rowsText, sizeRows } from "./diff_words.ts";
import { grantWords } from "./grant_words.ts";

/** A difference in the words of the HTML report. */
export function reportDifference(diff: DatabaseDiff): ReportDifference {
  const group = (title: string, changes: DifferenceGroup["changes"]): DifferenceGroup => ({ title, changes });
  const changed = (text: string) => ({ change: "changed" as const, text, lines: [] });
  const { largeObjects } = diff;
  return {
    before: diff.before.name,
    after: diff.after.name,
    alerts: groupedAlerts(diff.alerts).map(({ object, detail }) => `${object}: ${detail}`),
    groups: [
      group(
        "Schema",
        diff.objects.map((one) => ({
          change: one.change,
          text: objectText(one),
          lines: one.lines.map(({ op, text }) => `${op} ${text}`),
        })),
      ),
      group(
        "Rows",
        diff.tables.map((one) => ({
          change: one.change,
          text: `${one.schema}.${one.name}: ${rowsText(one)}`,
          lines: [],
        })),
      ),
      group("Extensions", diff.extensions.map((one) => ({ change: one.change, text: extensionText(one), lines: [] }))),
      group(
        "View options",
        diff.viewOptions.map(({ schema, view, before, after }) =>
          changed(`${schema}.${view}: ${before.join(", ") || "none"} → ${after.join(", ") || "none"}`)
        ),
      ),
      group(
        "Owners and grants",
        grantWords(diff.grants).map(({ change, object, words }) => ({
          change,
          text: `${object}: ${words}`,
          lines: [],
        })),
      ),
      group("Roles", diff.roles.map((one) => ({ change: one.change, text: one.role, lines: roleLines(one) }))),
      group("Database", diff.database.map(({ what, before, after }) => changed(`${what}: ${before} → ${after}`))),
      group(
        "Large objects",
        largeObjects === null ? [] : [changed(`${largeObjects.countBefore} → ${largeObjects.countAfter}`)],
      ),
    ],
    notes: [...sizeRows(diff.sizes).map(([name, text]) => `${name}: ${text}`), ...diff.notes],
  };
}
