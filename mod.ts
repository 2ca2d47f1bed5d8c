/**
 * pgstrata as a library: the same pieces the command line is made of.
 *
 * @example Back up a database
 * ```ts ignore
 * import { parseConnectionString, runBackup, systemClock } from "./mod.ts";
 *
 * const target = parseConnectionString(Deno.env.get("DATABASE_URL_PROD") ?? "", {
 *   environment: "prod",
 *   source: "DATABASE_URL_PROD",
 *   env: Deno.env.toObject(),
 * });
 * const { folder, manifest } = await runBackup(options(target), deps);
 * console.log(folder, manifest.status);
 * ```
 *
 * @module
 */
export {
  type BackupDeps,
  type BackupEvent,
  type BackupOptions,
  type BackupResult,
  runBackup,
} from "./lib/backup/mod.ts";
export { type Compression, type GivenOrigin, type LeftOut, type Selection, type Tier } from "./lib/backup/mod.ts";
export { type Clock, EXIT_CODES, type ExitName, PgstrataError, type PgstrataErrorOptions } from "./lib/base/mod.ts";
export { Secret, systemClock } from "./lib/base/mod.ts";
export { manifestText, parseManifest } from "./lib/catalog/mod.ts";
export type {
  ExtensionRow,
  Manifest,
  ManifestFile,
  ManifestSchema,
  ManifestTable,
  Omission,
  PrivilegeRow,
  ViewOptionsRow,
} from "./lib/catalog/mod.ts";
export { type ConnectionStringContext, maskedTarget, parseConnectionString } from "./lib/connection/mod.ts";
export type {
  EndpointKind,
  EnvironmentInput,
  HostAddress,
  PinnedTarget,
  SslMode,
  Target,
  TargetSessionAttrs,
} from "./lib/connection/mod.ts";
export {
  type MarkdownOptions,
  type RestoreHintOptions,
  summaryMarkdown,
  type SummaryOptions,
  summaryText,
} from "./lib/report/mod.ts";
export type { EncryptionKey } from "./lib/crypt/mod.ts";
export type { Session } from "./lib/connection/mod.ts";
