/** What changed: between two backups, or a backup and a living database. */
export * from "./alerts.ts";
export * from "./database_diff.ts";
export { diffSides, type DiffSidesOptions } from "./diff_sides.ts";
export { groupedAlerts } from "./grouped_alerts.ts";
export { diffRows, type DiffRowsOptions, ROWS_IN_MEMORY } from "./diff_rows.ts";
export { type DiffLine, lineDiff } from "./line_diff.ts";
export { type BackupSideOptions, openBackupSide } from "./backup_side.ts";
export { type DatabaseSideOptions, openDatabaseSide } from "./database_side.ts";
export type { DiffSide, RowSource, SideFacts } from "./side.ts";
