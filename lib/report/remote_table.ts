import { counted, countText, sizeText } from "../base/mod.ts";
import type { BackupSummary } from "../catalog/mod.ts";
import { fittingTable } from "./fitting_table.ts";
import { terminalText } from "./safe_text.ts";
import type { ShelfTableOptions } from "./shelf_table.ts";
import { shortVersion } from "./short_version.ts";
import { ageText, agoText } from "./time_text.ts";
import { wrapText } from "./wrap_text.ts";

/** Something in cold storage. */
export interface RemoteRow {
  readonly path: string;
  /** 1970 where neither a name nor a file tells. */
  readonly time: Date;
  readonly environment: string | null;
  readonly label: string | null;
  /** `backup` is a whole one. */
  readonly kind: "backup" | "partial" | "removing" | "unreadable" | "foreign";
  readonly encrypted: "age" | "gpg" | null;
  readonly summary: BackupSummary | null;
  readonly storedAt: Date | null;
  readonly storageClass: string | null;
}

const STATES: Readonly<Record<Exclude<RemoteRow["kind"], "backup">, string>> = {
  partial: "half pushed",
  removing: "half removed",
  unreadable: "UNREADABLE",
  foreign: "foreign",
};

/** Bytes of a stored backup; null where its summary is not known. */
export function storedBytes({ summary }: RemoteRow): number | null {
  return summary === null ? null : Object.values(summary.bytes).reduce((sum, bytes) => sum + bytes, 0);
}

/** What a place for copies holds, for people. */
export function remoteTable(store: string, rows: readonly RemoteRow[], { now, columns }: ShelfTableOptions): string {
  const summarized = (cell: (summary: BackupSummary) => string) => ({ summary }: RemoteRow) =>
    summary === null ? "" : cell(summary);
  const table = fittingTable<RemoteRow>(
    [
      { title: "BACKUP", widest: 200, rank: 0, cell: ({ path }) => path },
      { title: "AGE", align: "right", rank: 0, cell: ({ time }) => time.getTime() === 0 ? "" : ageText(time, now) },
      { title: "ENVIRONMENT", rank: 8, cell: ({ environment }) => environment ?? "" },
      { title: "LABEL", rank: 9, cell: ({ label }) => label ?? "" },
      { title: "STATE", rank: 0, cell: stateText },
      { title: "SERVER", rank: 6, cell: summarized(({ serverVersion }) => shortVersion(serverVersion)) },
      { title: "TABLES", align: "right", rank: 5, cell: summarized(({ tables }) => countText(tables)) },
      { title: "ROWS", align: "right", rank: 4, cell: summarized((summary) => countText(summary.rows)) },
      {
        title: "SIZE",
        align: "right",
        rank: 0,
        cell: (row) => row.summary === null ? "" : sizeText(storedBytes(row) ?? 0),
      },
      { title: "STORED", rank: 2, cell: ({ storedAt }) => storedAt === null ? "" : agoText(storedAt, now) },
      { title: "CLASS", rank: 3, cell: ({ storageClass }) => storageClass ?? "" },
    ],
    rows,
    columns,
  );
  const whole = rows.filter(({ kind }) => kind === "backup").length;
  const others = rows.length - whole;
  const bytes = rows.reduce((sum, row) => sum + (storedBytes(row) ?? 0), 0);
  const end = `${counted(whole, "backup")}${others === 0 ? "" : ` and ${counted(others, "other folder")}`} in ` +
    `${terminalText(store)}: ${sizeText(bytes)}`;
  return [...rows.length === 0 ? [] : [...table, ""], ...wrapText(end, columns), ""].join("\n");
}

function stateText({ kind, encrypted, summary }: RemoteRow): string {
  if (kind !== "backup") return STATES[kind];
  const state = summary === null ? "encrypted" : summary.status === "complete" ? "complete" : "INCOMPLETE";
  return encrypted === null ? state : `${state}, ${encrypted}`;
}
