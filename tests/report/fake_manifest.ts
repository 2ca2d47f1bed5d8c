import type { Manifest, ManifestFile, ManifestSchema, ManifestTable } from "../../lib/catalog/mod.ts";

const HASH = "0".repeat(64);

/** A table of a manifest; what is not given is ordinary. */
export function fakeTable(schema: string, name: string, given: Partial<ManifestTable> = {}): ManifestTable {
  return {
    oid: 16_384,
    schema,
    name,
    kind: "table",
    folder: `${schema}/tables/${name}`,
    rows: 1_000,
    bytes: 64_000,
    sha256: HASH,
    source: "archive",
    copyStatement: `COPY ${schema}.${name} (id) FROM stdin;`,
    totalBytes: 128_000,
    needs: [],
    ...given,
  };
}

/** A file of a manifest. */
export function fakeFile(path: string, tier: ManifestFile["tier"], bytes: number): ManifestFile {
  return { path, tier, bytes, sha256: HASH };
}

/** Schemas and files that belong to tables, as a backup of all tiers would have them. */
function laidOut(tables: readonly ManifestTable[]): Pick<Manifest, "schemas" | "files"> {
  const files: ManifestFile[] = [fakeFile("db_full.dump", "full", 1_234_567)];
  const schemas: ManifestSchema[] = [];
  for (const name of [...new Set(tables.map(({ schema }) => schema))].sort()) {
    const own = tables.filter(({ schema }) => schema === name);
    const archive = `${name}/${name}_schema_20260810_020004.dump`;
    files.push(fakeFile(archive, "schema", 40_000 * own.length));
    for (const { folder, bytes } of own) {
      if (folder === null) continue;
      files.push(fakeFile(`${folder}/schema.sql`, "table", 900), fakeFile(`${folder}/data.sql`, "table", bytes ?? 0));
    }
    schemas.push({
      name,
      folder: name,
      archive,
      archiveBytes: 40_000 * own.length,
      tables: own.length,
      rows: own.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
      tableBytes: own.reduce((sum, { bytes }) => sum + (bytes ?? 0) + 900, 0),
      duration: 1_200 * own.length,
    });
  }
  const root = ["roles.sql", "schema.sql", "version.txt", "extensions.tsv", "views_reloptions.tsv"];
  return { schemas, files: [...files, ...root.map((path) => fakeFile(path, "root", 2_000))] };
}

/** A whole manifest: two schemas, three tables; anything may be given otherwise. */
export function fakeManifest(given: Partial<Manifest> = {}): Manifest {
  const tables = given.tables ?? [
    fakeTable("auth", "users", { rows: 1_200, bytes: 320_000, totalBytes: 700_000 }),
    fakeTable("public", "orders", { rows: 100_000, bytes: 9_500_000, totalBytes: 14_000_000 }),
    fakeTable("public", "settings", { rows: 12, bytes: 480, totalBytes: 32_768 }),
  ];
  return {
    version: 1,
    tool: { version: "0.1.0", deno: "2.9.6" },
    client: { version: "17.6", engine: "archive", archiveVersion: "1.16", compression: "zstd:3" },
    server: {
      version: "17.6",
      versionNumber: 170006,
      database: "postgres",
      databaseBytes: 23_456_789,
      host: "db.abcd….supabase.co:5432",
      projectRef: "abcdefghijklmnopqrst",
      encoding: "UTF8",
      collate: "en_US.UTF-8",
      ctype: "en_US.UTF-8",
      localeProvider: "libc",
      locale: null,
      inRecovery: false,
    },
    environment: "prod",
    label: null,
    layout: "runbook",
    startedAt: "2026-08-10T02:00:04.000Z",
    finishedAt: "2026-08-10T02:00:09.400Z",
    snapshot: { id: "00000003-0000001B-1", walPosition: "0/3000148", takenAt: "2026-08-10T02:00:05.000Z" },
    options: {},
    tiers: ["full", "schema", "table"],
    status: "complete",
    copySettings: {},
    tables,
    ...laidOut(tables),
    largeObjects: { count: 0, bytes: 0, sha256: null },
    extensions: [],
    viewOptions: [],
    privileges: [],
    omissions: [],
    warnings: [],
    durations: { connect: 300, lock: 100, read: 4_000, frame: 700, seal: 300, total: 5_400 },
    ...given,
  };
}
