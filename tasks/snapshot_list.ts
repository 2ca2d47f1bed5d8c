import { sizeText, systemClock } from "../lib/base/mod.ts";
import { textTable } from "../lib/report/mod.ts";
import { findSnapshot, readSnapshots, requireInstalled, type SnapshotRow } from "../lib/snapshot/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { LIST_OPTIONS, TARGET_OPTIONS } from "./commands/snapshot.ts";
import { documentHead, withDatabase } from "./snapshot.ts";
import { originalName, snapshotFacts, snapshotTable, totalText } from "./snapshot_text.ts";

/** `pgstrata snapshot list`. */
export function runList(invocation: Invocation<typeof LIST_OPTIONS>, context: TaskContext): Promise<number> {
  const { all, kind } = invocation.options;
  return withDatabase(invocation, context, async ({ session, target }) => {
    await requireInstalled(session);
    const rows = (await readSnapshots(session)).filter((row) =>
      (all || isThere(row)) && (kind === undefined || row.kind === kind)
    );
    if (context.json) context.console.document({ ...documentHead("list", target), ...totals(rows), snapshots: rows });
    else context.console.result(snapshotTable(rows, systemClock.now()));
    return 0;
  });
}

/** `pgstrata snapshot show`. */
export function runShow(invocation: Invocation<typeof TARGET_OPTIONS>, context: TaskContext): Promise<number> {
  return withDatabase(invocation, context, async ({ session, target }) => {
    await requireInstalled(session);
    const row = await findSnapshot(session, invocation.positionals[0] ?? "", false);
    if (context.json) context.console.document({ ...documentHead("show", target), snapshot: row });
    else context.console.result(snapshotFacts(row, systemClock.now()));
    return 0;
  });
}

/** `pgstrata snapshot size`. */
export function runSize(invocation: Invocation<typeof TARGET_OPTIONS>, context: TaskContext): Promise<number> {
  return withDatabase(invocation, context, async ({ session, target }) => {
    await requireInstalled(session);
    const rows = (await readSnapshots(session)).filter(isThere);
    const tables = grouped(rows, originalName);
    const kinds = grouped(rows, ({ kind }) => kind);
    if (context.json) {
      context.console.document({ ...documentHead("size", target), ...totals(rows), tables, kinds });
      return 0;
    }
    const lines = (title: string, groups: readonly Group[]) =>
      textTable(
        [{ title }, { title: "copies", align: "right" }, { title: "size", align: "right" }],
        groups.map(({ name, count, bytes }) => [name, String(count), sizeText(bytes)]),
      );
    context.console.result(
      [...lines("table", tables), "", ...lines("kind", kinds), "", totalText(rows)].join("\n"),
    );
    return 0;
  });
}

interface Group {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

function grouped(rows: readonly SnapshotRow[], nameOf: (row: SnapshotRow) => string): Group[] {
  const groups = Map.groupBy(rows, nameOf);
  return [...groups].map(([name, members]) => ({ name, count: members.length, bytes: totals(members).totalBytes }))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

function totals(rows: readonly SnapshotRow[]): { readonly count: number; readonly totalBytes: number } {
  return { count: rows.length, totalBytes: rows.reduce((total, { sizeBytes }) => total + (sizeBytes ?? 0), 0) };
}

function isThere({ status }: SnapshotRow): boolean {
  return status === "present" || status === "exported";
}
