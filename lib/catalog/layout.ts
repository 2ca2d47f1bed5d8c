import { compactTimestamp, isoTimestamp } from "../base/mod.ts";
import type { CiOrigin } from "./ci_origin.ts";
import { environmentFolder } from "./environment_name.ts";
import { checkLabel } from "./label.ts";
import type { Manifest } from "./manifest.ts";

/** What a backup's folder name is made of. */
export interface FolderMeta {
  /** The one time of all names of the backup; seconds count. */
  readonly time: Date;
  readonly environment: string;
  readonly label: string | null;
  /** Which run of which repository made it; only the ci layout shows it. */
  readonly origin: CiOrigin;
  /** Whether the shelf holds several environments (`both`, `all`); only the ci layout then needs a folder each. */
  readonly several: boolean;
}

/** Where everything of a backup stands. All paths are relative, with `/` between the parts. */
export interface Layout {
  readonly name: Manifest["layout"];
  /** The time as it stands in names. */
  timestamp(time: Date): string;
  /** The folder that is written and sealed, below the shelf. */
  folder(meta: FolderMeta): string;
  /** A second folder with the same files, published after sealing, that always shows the newest; below the shelf. */
  latest(meta: FolderMeta): string | null;
  /** The archive of the whole database, below the backup's folder. */
  fullArchive(time: Date): string;
  /** The archive of a schema, below the backup's folder. */
  schemaArchive(schemaFolder: string, time: Date): string;
  /** The folder of a table's SQL files, below the backup's folder. */
  tableFolder(schemaFolder: string, tableFolder: string): string;
  /** Sequences that no table owns, below the backup's folder. */
  sequencesFile(schemaFolder: string): string;
}

/** Names at the root of a backup, the same in every layout. */
export const ROOT_FILES = {
  roles: "roles.sql",
  schema: "schema.sql",
  version: "version.txt",
  extensions: "extensions.tsv",
  viewOptions: "views_reloptions.tsv",
  summary: "summary.txt",
  manifest: "manifest.json",
  checksums: "SHA256SUMS",
} as const;

/** Names in a table's folder. `constraints` is there only when the table has any. */
export const TABLE_FILES = { schema: "schema.sql", data: "data.sql", constraints: "constraints.sql" } as const;

const tableFolder = (schemaFolder: string, table: string): string => `${schemaFolder}/tables/${table}`;
const sequencesFile = (schemaFolder: string): string => `${schemaFolder}/sequences.sql`;
const ciRoot = ({ several, environment }: FolderMeta): string => several ? `${environmentFolder(environment)}/` : "";

/** Every layout, by the name `--layout` takes. */
export const LAYOUTS: Readonly<Record<Manifest["layout"], Layout>> = {
  runbook: {
    name: "runbook",
    timestamp: compactTimestamp,
    folder: ({ time, environment, label }) =>
      [compactTimestamp(time), environmentFolder(environment), ...label === null ? [] : [checkLabel(label)]].join("_"),
    latest: () => null,
    fullArchive: () => "db_full.dump",
    schemaArchive: (schema, time) => `${schema}/${schema}_schema_${compactTimestamp(time)}.dump`,
    tableFolder,
    sequencesFile,
  },
  ci: {
    name: "ci",
    timestamp: isoTimestamp,
    // Sealed in `archive/` first: `latest/` then never holds a backup that would be lost with it.
    folder: (meta) =>
      `${ciRoot(meta)}archive/` +
      [isoTimestamp(meta.time), meta.origin.repository, meta.origin.event, meta.origin.sha7].join("--"),
    latest: (meta) => `${ciRoot(meta)}latest/latest_${isoTimestamp(meta.time)}`,
    fullArchive: (time) => `database_full_${isoTimestamp(time)}.dump`,
    schemaArchive: (schema, time) => `${schema}/${schema}_schema_${isoTimestamp(time)}.dump`,
    tableFolder,
    sequencesFile,
  },
};
