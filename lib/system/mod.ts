/** The only room besides tasks that touches the machine: processes, files, locks, free space, signals. */
export * from "./atomic_file.ts";
export * from "./early_sync.ts";
export * from "./file_hash.ts";
export * from "./file_lock.ts";
export * from "./file_start.ts";
export * from "./free_space.ts";
export * from "./interruption.ts";
export * from "./partial_file.ts";
export * from "./process.ts";
export * from "./temp_folder.ts";
export * from "./try_lock.ts";
