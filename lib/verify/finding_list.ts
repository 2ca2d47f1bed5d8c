import type { Finding, FindingKind } from "./verify_report.ts";

/** Gathers what is wrong in a backup. */
export class FindingList {
  readonly all: Finding[] = [];
  readonly notVerified: { readonly file: string; readonly reason: string }[] = [];
  tables = 0;
  rows = 0;

  damage(
    kind: FindingKind,
    file: string,
    message: string,
    where: { readonly offset?: number | null; readonly table?: string | null } = {},
  ): void {
    const { offset = null, table = null } = where;
    this.all.push({ kind, file, offset, table, message, severity: "damage" });
  }

  warn(kind: FindingKind, file: string, message: string): void {
    this.all.push({ kind, file, offset: null, table: null, message, severity: "warning" });
  }
}
