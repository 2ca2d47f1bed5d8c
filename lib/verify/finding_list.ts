import type { Finding, FindingKind } from "./verify_report.ts";

/** Gathers what is wrong in a backup. */
export class FindingList {
  readonly all: Finding[] = [];
  readonly notVerified: { readonly file: string; readonly reason: string }[] = [];
  /** Rows of each table that was read, in whichever tier, by qualified name. */
  readonly rows = new Map<string, number>();

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
