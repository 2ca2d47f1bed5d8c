import { join } from "@std/path";
import { CopyScript, type LargeObjectContent, type Toc, type TocEntry } from "../archive/mod.ts";
import { qualifiedName } from "../base/mod.ts";
import { type Manifest, type ManifestTable, TABLE_FILES } from "../catalog/mod.ts";
import { archiveScript, type ToolSet } from "../postgres/mod.ts";
import { TempFolder } from "../system/mod.ts";
import { readTocOfFile } from "./archive_file.ts";
import { type DescribedTable, type Description, localeText, tableKey } from "./description.ts";
import { RowsDigest } from "./rows_digest.ts";
import { scanArchive } from "./scan_archive.ts";

/** Bytes of one read of `data.sql`. */
const READ = 1024 * 1024;

/** What describing a backup needs. */
export interface DescribeBackupOptions {
  /** Client programs that read its archives. */
  readonly tools: ToolSet;
  readonly signal: AbortSignal;
}

/** A backup, described. */
export interface BackupDescription extends Description {
  /** The archive whose table of contents is used; null when it was put together from the schemas' archives, or none. */
  readonly archive: string | null;
  /** Why there is no table of contents. */
  readonly unreadable: string | null;
}

/** Describes a backup from its manifest and the tables of contents of its archives; no rows are read. */
export async function describeBackup(
  folder: string,
  manifest: Manifest,
  options: DescribeBackupOptions,
): Promise<BackupDescription> {
  const { toc, archive, unreadable } = await readTocs(folder, manifest);
  const tables = backupTables(manifest, toc);
  return {
    toc,
    schemasOnly: toc !== null && archive === null,
    archive,
    unreadable,
    tables: new Map([...tables].map(([key, { table }]) => [key, table])),
    largeObjects: hasLargeObjects(manifest) ? manifest.largeObjects : null,
    privileges: manifest.privileges,
    extensions: manifest.extensions,
    viewOptions: manifest.viewOptions,
    versionNumber: manifest.server.versionNumber,
    database: manifest.server.database,
    encoding: manifest.server.encoding,
    locale: localeText(manifest.server),
    largeObjectList: async (): Promise<readonly LargeObjectContent[] | null> =>
      archive === null ? null : (await scanArchive(join(folder, archive), {
        pgRestore: options.tools.program("pg_restore"),
        rows: true,
        signal: options.signal,
      })).largeObjects,
    digestRows: async (_statement, group) => {
      const digest = new RowsDigest();
      for (const { schema, name } of group) {
        const source = tables.get(tableKey(schema, name));
        if (source === undefined) return null;
        const read = await digestBackupRows(folder, archive, source, options, (bytes) => digest.push(bytes));
        if (!read) return null;
      }
      return digest;
    },
  };
}

/** Large objects are in the archives with data only; the loop engine does not count them. */
function hasLargeObjects(manifest: Manifest): boolean {
  return manifest.client.engine === "archive" && manifest.options["content"] !== "schema-only";
}

async function readTocs(
  folder: string,
  manifest: Manifest,
): Promise<Pick<BackupDescription, "toc" | "archive" | "unreadable">> {
  const full = manifest.files.find(({ tier }) => tier === "full")?.path ?? null;
  const schemas = manifest.schemas.flatMap(({ archive }) => archive === null ? [] : [archive]);
  try {
    if (full !== null) return { toc: (await readTocOfFile(join(folder, full))).toc, archive: full, unreadable: null };
    const entries = new Map<string, TocEntry>();
    let first: Toc | null = null;
    for (const path of schemas) {
      const { toc } = await readTocOfFile(join(folder, path));
      first ??= toc;
      for (const entry of toc.entries) {
        entries.set(`${entry.dumpId} ${entry.tableoid} ${entry.oid} ${entry.tag}`, entry);
      }
    }
    if (first === null) return { toc: null, archive: null, unreadable: "the backup has no archive" };
    return { toc: { ...first, entries: [...entries.values()] }, archive: null, unreadable: null };
  } catch (error) {
    return { toc: null, archive: null, unreadable: error instanceof Error ? error.message : String(error) };
  }
}

interface BackupTable {
  readonly table: DescribedTable;
  readonly manifest: ManifestTable;
  readonly entry: TocEntry | null;
}

function backupTables(manifest: Manifest, toc: Toc | null): Map<string, BackupTable> {
  const entries = new Map<number, TocEntry>();
  for (const entry of toc?.entries ?? []) if (entry.desc === "TABLE DATA") entries.set(Number(entry.oid), entry);
  const tables = new Map<string, BackupTable>();
  for (const table of manifest.tables) {
    const { rows, bytes, sha256 } = table;
    if (rows === null || bytes === null || sha256 === null) continue;
    const entry = entries.get(table.oid) ?? null;
    const schema = entry?.namespace ?? table.schema;
    const name = entry?.tag ?? table.name;
    const copyStatement = entry?.copyStmt ?? table.copyStatement ?? `COPY ${qualifiedName(schema, name)} FROM stdin;\n`;
    tables.set(tableKey(schema, name), {
      table: { schema, name, copyStatement, content: { rows, bytes, sha256 }, copied: table.source === "copy" },
      manifest: table,
      entry,
    });
  }
  return tables;
}

/** Hands over a table's COPY text, from its `data.sql` or else from the archive; false if neither is there. */
async function digestBackupRows(
  folder: string,
  archive: string | null,
  { manifest, entry }: BackupTable,
  { tools, signal }: DescribeBackupOptions,
  onData: (bytes: Uint8Array) => void,
): Promise<boolean> {
  const script = new CopyScript(onData);
  if (manifest.folder !== null) {
    using file = await Deno.open(join(folder, manifest.folder, TABLE_FILES.data));
    const buffer = new Uint8Array(READ);
    for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
      script.push(buffer.subarray(0, read));
    }
  } else if (archive !== null && entry !== null) {
    await using temp = await TempFolder.create();
    const list = join(temp.path, "list");
    await Deno.writeTextFile(list, `${entry.dumpId};\n`, { mode: 0o600 });
    const selection = { section: "data-only", list } as const;
    await archiveScript(tools, join(folder, archive), selection, signal, (chunk) => script.push(chunk));
  } else return false;
  script.end();
  return true;
}
