/** Copies of tables inside the database: schema `backup`, their records, difference, way back, and end. */
export { type AccessChange, grantedRoles } from "./access.ts";
export { type AdoptScope, adoptTables, type Candidate, findCandidates } from "./adopt.ts";
export { copyName, type CreateOptions, createSnapshots } from "./create.ts";
export { diffSnapshot, type RowChange, type RowCounts, type SnapshotDiff } from "./diff.ts";
export { type BackUpCopy, type ExportRequest, exportSnapshot, type SnapshotBackup } from "./export.ts";
export { type HandMadeName, handMadeName } from "./hand_made_name.ts";
export { type InstallResult, installSnapshots, requireInstalled } from "./install.ts";
export * from "./marker.ts";
export { type Migration, MIGRATIONS } from "./migrations.ts";
export { dropSnapshot, type DueSnapshot, planPrune, reviewSnapshot } from "./prune.ts";
export { type RestoredTable, restoreInto } from "./restore_into.ts";
export { planRestoreRows, type RestoredRows, type RestoreRows, restoreRows, type RowPlan } from "./restore_rows.ts";
export { installSchedule, listSchedules, removeSchedules, type Schedule, type ScheduledWork } from "./schedule.ts";
export * from "./snapshot_row.ts";
export { parseTableName, resolveTable, type TableName } from "./table_name.ts";
export { planUninstall, type UninstallPlan, uninstallSnapshots } from "./uninstall.ts";
