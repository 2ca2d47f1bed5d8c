/** The main job: plan, read once under one snapshot, split, frame, seal. */
export * from "./options.ts";
export { runBackup } from "./run_backup.ts";
