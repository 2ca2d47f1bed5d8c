import type { Destination } from "./destination.ts";
import { FolderStore } from "./folder_store.ts";
import type { Store } from "./store.ts";

/** How a store is worked with. */
export interface OpenStoreOptions {
  /** The environment, `.env` included: credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** Requests at the same time. Default {@linkcode DEFAULT_JOBS}. */
  readonly jobs?: number;
  readonly signal?: AbortSignal;
}

/** Requests at the same time; each holds a part of 8 MiB in memory. */
export const DEFAULT_JOBS = 4;

/**
 * Opens a place for copies.
 *
 * @throws {PgstrataError} code `usage` when a folder is not there; S3 is not asked before the first request
 */
export async function openStore(destination: Destination, options: OpenStoreOptions): Promise<Store> {
  if (destination.kind === "file") return await FolderStore.open(destination.folder, destination.url);
  // Loaded when it is needed: the SDK is 24 MB.
  const { S3Store } = await import("./s3_store.ts");
  return S3Store.open(destination, { jobs: DEFAULT_JOBS, ...options });
}
