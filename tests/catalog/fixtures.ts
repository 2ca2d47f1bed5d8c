import { dirname, join } from "@std/path";
import { type Manifest, MANIFEST_FILE, manifestText } from "../../lib/catalog/manifest.ts";
import { backupId } from "../../lib/catalog/summary.ts";
import { compactTimestamp } from "../../lib/base/mod.ts";

/** What a test wants to be different about a manifest. */
export interface ManifestFacts {
  readonly environment?: string;
  readonly label?: string | null;
  readonly time?: Date;
  readonly status?: Manifest["status"];
  readonly tables?: number;
  /** COPY bytes of each table. */
  readonly tableBytes?: number;
}

const HASH = "ab".repeat(32);

/** A manifest that parses. */
export function manifestOf(facts: ManifestFacts = {}): Manifest {
  const time = (facts.time ?? new Date("2026-03-04T05:06:07Z")).toISOString();
  const tables = Array.from({ length: facts.tables ?? 2 }, (_, index) => ({
    oid: 16384 + index,
    schema: "public",
    name: `table_${index}`,
    kind: "table" as const,
    folder: `public/tables/table_${index}`,
    rows: 10,
    bytes: facts.tableBytes ?? 100,
    sha256: HASH,
    source: "archive" as const,
    copyStatement: `COPY public.table_${index} (id) FROM stdin;`,
    totalBytes: 8192,
    needs: [],
  }));
  return {
    version: 1,
    tool: { version: "0.1.0", deno: "2.9.6" },
    client: { version: "17.2", engine: "archive", archiveVersion: "1.16", compression: "zstd:3" },
    server: {
      version: "17.2",
      versionNumber: 170002,
      database: "shop",
      databaseBytes: 1_000_000,
      host: "db.****.supabase.co",
      projectRef: null,
      encoding: "UTF8",
      collate: "C",
      ctype: "C",
      localeProvider: "c",
      locale: null,
      inRecovery: false,
    },
    environment: facts.environment ?? "prod",
    label: facts.label ?? null,
    layout: "runbook",
    startedAt: time,
    finishedAt: time,
    snapshot: { id: "00000003-0000001B-1", walPosition: null, takenAt: time },
    options: {},
    tiers: ["full", "schema", "table"],
    status: facts.status ?? "complete",
    copySettings: {},
    files: [
      { path: "db_full.dump", tier: "full", bytes: 4, sha256: HASH },
      ...tables.map((table) => ({
        path: `${table.folder}/data.sql`,
        tier: "table" as const,
        bytes: table.bytes,
        sha256: HASH,
      })),
    ],
    schemas: [{
      name: "public",
      folder: "public",
      archive: null,
      archiveBytes: 0,
      tables: tables.length,
      rows: 10 * tables.length,
      tableBytes: 0,
      duration: 0,
    }],
    tables,
    largeObjects: { count: 0, bytes: 0, sha256: null },
    extensions: [],
    viewOptions: [],
    privileges: [],
    omissions: [],
    warnings: [],
    durations: { total: 1 },
  };
}

/** A sealed backup on a shelf: its folder and id. */
export interface PutBackup {
  readonly folder: string;
  readonly id: string;
}

/** Puts a sealed backup on a shelf; its files are small. */
export async function putBackup(
  shelf: string,
  facts: ManifestFacts & { readonly path?: string } = {},
): Promise<PutBackup> {
  const manifest = manifestOf(facts);
  const label = manifest.label === null ? "" : `_${manifest.label}`;
  const name = `${compactTimestamp(new Date(manifest.startedAt))}_${manifest.environment.replaceAll("_", "-")}${label}`;
  const folder = join(shelf, facts.path ?? name);
  await putFile(join(folder, "db_full.dump"), "PGDMP");
  await putFile(join(folder, "public/tables/table_0/data.sql"), "COPY …");
  await putFile(join(folder, MANIFEST_FILE), manifestText(manifest));
  return { folder, id: backupId(manifest) };
}

/** Writes a file and the folders above it. */
export async function putFile(path: string, content: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(path, content, { mode: 0o600 });
}
