/** Cold storage: stores of objects, and backups that are pushed to them, pulled from them and removed there. */
export { type BackupFiles, backupFiles, type StoredFile } from "./backup_files.ts";
export * from "./choose_remote.ts";
export * from "./destination.ts";
export { FolderStore } from "./folder_store.ts";
export { MemoryStore } from "./memory_store.ts";
export * from "./open_store.ts";
export * from "./pull.ts";
export { pushBackup, type PushRequest, type TransferDeps, type TransferEvent, type TransferResult } from "./push.ts";
export * from "./remote_prune.ts";
export * from "./remote_shelf.ts";
export * from "./source.ts";
export * from "./store.ts";
