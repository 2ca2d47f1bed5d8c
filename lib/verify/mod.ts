/** Proving: files against the manifest, archives read in full, a database against the backup it came from, drills. */
export * from "./comparison.ts";
export * from "./compare_options.ts";
export { compareDatabases } from "./compare_databases.ts";
export { compareWithBackup } from "./compare_with_backup.ts";
export * from "./drill.ts";
export { drillBackup } from "./drill_backup.ts";
export { verifyBackup, type VerifyDeps } from "./verify_backup.ts";
export * from "./verify_report.ts";
// What `diff` compares with too.
export { type Definition, definitionsOf } from "./definitions.ts";
export { type DescribedTable, type Description, tableKey } from "./description.ts";
export { type BackupDescription, describeBackup } from "./describe_backup.ts";
export { clientTools, describeDatabase, type LiveDescription } from "./describe_database.ts";
export { splitStatements } from "./split_statements.ts";
