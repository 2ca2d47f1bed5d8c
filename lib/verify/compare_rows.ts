import { counted, countText } from "../base/mod.ts";
import { type DescribedTable, type Description, tableKey } from "./description.ts";
import type { Findings } from "./findings.ts";

/** How rows are compared. */
export interface RowRules {
  readonly inScope: (table: DescribedTable) => boolean;
  /** Why the rows of an expected table are not there on purpose; null if they should be. */
  readonly excuse: (table: DescribedTable) => string | null;
  readonly reportExtra: boolean;
  /** Bytes read again at the most in parallel tables. */
  readonly jobs: number;
}

/**
 * Compares the rows of all tables: the same hash of the COPY text is the quick proof; where it differs, the
 * order-independent digests decide (DECISIONS 7), for all tables together whose rows go through the same partition root.
 */
export async function compareRows(
  expected: Description,
  found: Description,
  rules: RowRules,
  findings: Findings,
): Promise<void> {
  const doubtful: DescribedTable[] = [];
  for (const [key, table] of expected.tables) {
    if (!rules.inScope(table)) continue;
    const excuse = rules.excuse(table);
    if (excuse !== null) {
      findings.skip("rows", nameOf(table), excuse);
      continue;
    }
    findings.count("rows");
    findings.rows += table.content.rows;
    findings.bytes += table.content.bytes;
    const other = found.tables.get(key);
    if (other?.content.sha256 !== table.content.sha256) doubtful.push(table);
  }
  if (rules.reportExtra) reportExtra(expected, found, rules, findings);
  const groups = [...Map.groupBy(doubtful, (table) => table.copyStatement).keys()].values();
  const work = async () => {
    for (const statement of groups) await compareGroup(statement, expected, found, findings);
  };
  await Promise.all(Array.from({ length: rules.jobs }, work));
}

/** All tables with one COPY statement: one, or the leaves of a partition root. */
async function compareGroup(
  statement: string,
  expected: Description,
  found: Description,
  findings: Findings,
): Promise<void> {
  const group = [...expected.tables.values()].filter((table) => table.copyStatement === statement);
  const others = group.flatMap((table) => found.tables.get(tableKey(table.schema, table.name)) ?? []);
  const rows = sum(group.map(({ content }) => content.rows));
  const now = sum(others.map(({ content }) => content.rows));
  const name = group.length === 1 ? group.map(nameOf).join() : `${group.map(nameOf).join(", ")} together`;
  const copied = group.some((table) => table.copied);
  if (others.length < group.length && !copied && group.length === 1) {
    const detail = `its ${countText(rows)} rows, or a column of them, are missing`;
    return findings.differ("rows", "missing", name, detail, { expected: String(rows) });
  }
  if (rows !== now && !copied) {
    const detail = `${counted(now, "row")} instead of ${countText(rows)}`;
    return findings.differ("rows", "changed", name, detail, { expected: String(rows), found: String(now) });
  }
  const before = await expected.digestRows(statement, group);
  const digest = before === null ? null : await found.digestRows(statement, others);
  if (before !== null && digest !== null && before.equals(digest)) return;
  if (before !== null && digest === null && copied) {
    return findings.differ("rows", "missing", name, `${countText(rows)} rows are missing: the table is not there`);
  }
  const detail = digest !== null && digest.rows !== rows
    ? `${counted(digest.rows, "row")} instead of ${countText(rows)}`
    : `as many rows (${countText(rows)}), but other content`;
  findings.differ("rows", "changed", name, detail, {
    expected: group.map(({ content }) => content.sha256).join(" "),
    found: others.map(({ content }) => content.sha256).join(" "),
  });
}

function reportExtra(expected: Description, found: Description, rules: RowRules, findings: Findings): void {
  for (const [key, table] of found.tables) {
    if (expected.tables.has(key) || !rules.inScope(table) || table.content.rows === 0) continue;
    const detail = `${countText(table.content.rows)} rows that are not in the original`;
    findings.differ("rows", "extra", nameOf(table), detail, { found: String(table.content.rows) });
  }
}

function nameOf({ schema, name }: DescribedTable): string {
  return `TABLE ${schema}.${name}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
