import { counted, countText, sizeText } from "../lib/base/mod.ts";
import { shortVersion } from "../lib/report/mod.ts";
import type {
  ExtensionChange,
  GrantChange,
  ObjectChange,
  RoleChange,
  RowDiff,
  SideFacts,
  SizeChange,
  TableChange,
} from "../lib/diff/mod.ts";

/** How a change is marked at the beginning of a line. */
export const MARKS = { added: "+", removed: "-", changed: "~" } as const;

/** One side in a line. */
export function sideText({ kind, name, at, database, serverVersion, status }: SideFacts): string {
  const time = at.slice(0, 19).replace("T", " ");
  const what = kind === "backup" ? `backup of ${time} UTC` : `database ${database}, now`;
  return `${name} (${what}, PostgreSQL ${shortVersion(serverVersion)}${status === "incomplete" ? ", INCOMPLETE" : ""})`;
}

/** `TABLE public.orders`, `POLICY own ON public.orders`, `ROW SECURITY ON public.orders`. */
export function objectText({ kind, schema, name, table }: ObjectChange): string {
  if (table === null) return `${kind} ${schema === null ? "" : `${schema}.`}${name}`;
  return `${kind} ${kind === "ROW SECURITY" ? "" : `${name} `}ON ${table}`;
}

/** Number of rows, the difference, and how it is known. */
export function rowsText({ change, rowsBefore, rowsAfter, proof }: TableChange): string {
  if (change === "added") return counted(rowsAfter ?? 0, "row");
  if (change === "removed") return counted(rowsBefore ?? 0, "row");
  if (proof === "count") {
    return `${countText(rowsBefore ?? 0)} → ${counted(rowsAfter ?? 0, "row")} (${
      signed((rowsAfter ?? 0) - (rowsBefore ?? 0))
    })`;
  }
  const same = `${counted(rowsBefore ?? 0, "row")} as before`;
  return proof === "content" ? `${same}, other content` : `${same}, other content or only another order`;
}

/** `1.5 in public → 1.6 in extensions`. */
export function extensionText({ name, before, after }: ExtensionChange): string {
  return `${name} ${before === null ? after : after === null ? before : `${before} → ${after}`}`;
}

/** What became of a role, as lines. */
export function roleLines({ gone, come, passwordChanged }: RoleChange): string[] {
  return [
    ...gone.map((statement) => `- ${statement}`),
    ...come.map((statement) => `+ ${statement}`),
    ...(passwordChanged ? ["~ its password is another one"] : []),
  ];
}

/** Owner, gained and lost in words. */
export function grantTexts({ ownerBefore, ownerAfter, gained, lost, change }: GrantChange): string[] {
  return [
    ...(change === "changed" && ownerBefore !== ownerAfter ? [`owner ${ownerBefore} → ${ownerAfter}`] : []),
    ...(gained.length === 0 ? [] : [`gained ${gained.join("; ")}`]),
    ...(lost.length === 0 ? [] : [`lost ${lost.join("; ")}`]),
  ];
}

/** `+1 234`, `-5`, `±0`. */
export function signed(count: number): string {
  return count === 0 ? "±0" : count > 0 ? `+${countText(count)}` : `-${countText(-count)}`;
}

/** `1.2 GB → 1.3 GB (+100 MB)`. */
export function sizeChangeText(before: number, after: number): string {
  const difference = after - before;
  const change = difference === 0 ? "±0" : `${difference > 0 ? "+" : "-"}${sizeText(Math.abs(difference))}`;
  return `${sizeText(before)} → ${sizeText(after)} (${change})`;
}

/** What became of a table's rows, in one line. */
export function rowDiffText({ added, removed, changed, same, key }: RowDiff): string {
  const by = key === null ? "no primary key: whole rows are compared" : `by ${key.join(", ")}`;
  const parts = [`${countText(added)} added`, `${countText(removed)} removed`];
  if (key !== null) parts.push(`${countText(changed)} changed`);
  return `${parts.join(", ")}, ${countText(same)} the same (${by})`;
}

/** `id = 1, name = "x"`. */
export function valuesText(values: Readonly<Record<string, string | null>>): string {
  return Object.entries(values).map(([column, value]) => `${column} = ${valueText(value)}`).join(", ");
}

/** A value of a row; NULL without quotes. */
export function valueText(value: string | null): string {
  return value === null ? "NULL" : /^-?\d+(?:\.\d+)?$/.test(value) ? value : JSON.stringify(value);
}

/** Counts by kind: `2 INDEX, 1 POLICY`. */
export function kindCounts(changes: readonly ObjectChange[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
}

/** What became of the sizes, a line each. */
export function sizeRows(sizes: SizeChange): [name: string, text: string][] {
  const rows: [string, string][] = [];
  const add = (name: string, before: number | null, after: number | null, text: (a: number, b: number) => string) => {
    if (before !== null && after !== null) rows.push([name, text(before, after)]);
  };
  const counts = (before: number, after: number) => `${countText(before)} → ${countText(after)}`;
  add("database", sizes.databaseBefore, sizes.databaseAfter, sizeChangeText);
  add("data", sizes.dataBefore, sizes.dataAfter, sizeChangeText);
  add("rows", sizes.rowsBefore, sizes.rowsAfter, counts);
  add("tables with rows", sizes.tablesBefore, sizes.tablesAfter, counts);
  add("backup", sizes.backupBefore, sizes.backupAfter, sizeChangeText);
  return rows;
}
