import type { ErrorDocument } from "../lib/base/mod.ts";
import type { BackupResult } from "../lib/backup/mod.ts";
import type { Manifest, Omission } from "../lib/catalog/mod.ts";
import { figuresOf } from "../lib/report/mod.ts";
import type { PruneDocument } from "./prune_document.ts";

/** How the backup of one environment ended. */
export type BackupOutcome =
  | { readonly environment: string; readonly result: BackupResult }
  | { readonly environment: string; readonly error: ErrorDocument };

/** A sealed backup in `backup --json`. */
export interface BackupEntry {
  readonly environment: string;
  readonly folder: string;
  readonly status: Manifest["status"];
  readonly label: string | null;
  readonly layout: Manifest["layout"];
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly server: { readonly version: string; readonly database: string; readonly host: string };
  readonly client: { readonly version: string; readonly engine: string; readonly compression: string };
  readonly tiers: readonly string[];
  readonly schemas: number;
  readonly tables: number;
  readonly rows: number;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly files: number;
  readonly durations: Readonly<Record<string, number>>;
  readonly omissions: readonly Omission[];
  readonly warnings: readonly string[];
}

/** What `backup --json` prints; `version` grows when a reader of the old form would misread it. */
export interface BackupDocument {
  readonly version: 1;
  readonly command: "backup";
  readonly backups: readonly BackupEntry[];
  readonly errors: readonly ({ readonly environment: string } & ErrorDocument)[];
  /** With `--prune`: what became of old backups; null when the shelf could not be read. */
  readonly prune?: PruneDocument | null;
}

/** The one JSON document of a `backup` run. */
export function backupDocument(
  outcomes: readonly BackupOutcome[],
  pruned: { readonly document: PruneDocument | null } | null = null,
): BackupDocument {
  return {
    version: 1,
    command: "backup",
    backups: outcomes.flatMap((outcome) => "result" in outcome ? [entry(outcome.environment, outcome.result)] : []),
    errors: outcomes.flatMap((outcome) =>
      "error" in outcome ? [{ environment: outcome.environment, ...outcome.error }] : []
    ),
    ...pruned === null ? {} : { prune: pruned.document },
  };
}

function entry(environment: string, { folder, manifest }: BackupResult): BackupEntry {
  const { server, client } = manifest;
  const figures = figuresOf(manifest);
  return {
    environment,
    folder,
    status: manifest.status,
    label: manifest.label,
    layout: manifest.layout,
    startedAt: manifest.startedAt,
    finishedAt: manifest.finishedAt,
    server: { version: server.version, database: server.database, host: server.host },
    client: { version: client.version, engine: client.engine, compression: client.compression },
    tiers: manifest.tiers,
    schemas: manifest.schemas.length,
    tables: manifest.tables.length,
    rows: figures.rows,
    bytes: figures.totalBytes,
    files: manifest.files.length,
    durations: manifest.durations,
    omissions: manifest.omissions,
    warnings: manifest.warnings,
  };
}
