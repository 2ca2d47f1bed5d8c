import { counted } from "../base/mod.ts";
import { join } from "@std/path";
import { CopyScript } from "../archive/mod.ts";
import { type Manifest, ROOT_FILES, TABLE_FILES } from "../catalog/mod.ts";
import { archiveScript, type ToolSet } from "../postgres/mod.ts";
import { TempFolder } from "../system/mod.ts";
import { describeBackup, tableKey } from "../verify/mod.ts";
import { copyColumns } from "./identifier_list.ts";
import type { DiffSide, RowSource } from "./side.ts";

/** Bytes of one read of `data.sql`. */
const READ = 1024 * 1024;

/** What a backup needs to be a side. */
export interface BackupSideOptions {
  /** For people: its path on the shelf. */
  readonly name: string;
  /** Reads the archives where there is no table tier; asked for only then. */
  readonly tools: ToolSet;
  readonly signal: AbortSignal;
}

/**
 * A backup as one side of a comparison. Its files are taken to be what the manifest says (`verify` proves that).
 *
 * @param folder the backup's folder
 */
export async function openBackupSide(
  folder: string,
  manifest: Manifest,
  { name, tools, signal }: BackupSideOptions,
): Promise<DiffSide> {
  const description = await describeBackup(folder, manifest, { tools, signal });
  const oids = new Map(
    description.toc?.entries.flatMap((entry) =>
      entry.desc === "TABLE DATA" ? [[Number(entry.oid), entry] as const] : []
    ),
  );
  const tables = new Map(manifest.tables.map((table) => {
    const entry = oids.get(table.oid) ?? null;
    return [tableKey(entry?.namespace ?? table.schema, entry?.tag ?? table.name), { table, entry }] as const;
  }));
  const rowsOf = (schema: string, table: string): RowSource | null => {
    const found = tables.get(tableKey(schema, table));
    if (found === undefined || found.table.rows === null) return null;
    const columns = copyColumns(found.entry?.copyStmt ?? found.table.copyStatement ?? "");
    const { folder: below } = found.table;
    if (below !== null) {
      return { columns, read: (onData) => fileRows(join(folder, below, TABLE_FILES.data), onData, signal) };
    }
    const { entry } = found;
    const { archive } = description;
    if (archive === null || entry === null) return null;
    return { columns, read: (onData) => archiveRows(tools, join(folder, archive), entry.dumpId, onData, signal) };
  };
  const schemaOnly = manifest.options["content"] === "schema-only";
  return {
    facts: {
      kind: "backup",
      name,
      at: manifest.snapshot.takenAt,
      environment: manifest.environment,
      database: manifest.server.database,
      host: manifest.server.host,
      serverVersion: manifest.server.version,
      clientVersion: manifest.client.version,
      status: manifest.status,
      databaseBytes: manifest.server.databaseBytes,
      backupBytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    description,
    roles: manifest.files.some(({ path }) => path === ROOT_FILES.roles) &&
        !manifest.omissions.some(({ kind, severity }) => kind === "roles" && severity === "lost")
      ? await Deno.readTextFile(join(folder, ROOT_FILES.roles))
      : null,
    copySettings: manifest.copySettings,
    notes: notesOf(name, manifest, description.unreadable),
    hasRows: !schemaOnly,
    rowsOf: (schema, table) => Promise.resolve(rowsOf(schema, table)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function notesOf(name: string, manifest: Manifest, unreadable: string | null): string[] {
  const notes: string[] = [];
  const excluded = manifest.omissions.filter(({ severity }) => severity === "excluded").length;
  if (excluded > 0) {
    notes.push(`${name} was made without ${counted(excluded, "object")} (excluded); they look removed or added`);
  }
  const selection = manifest.options["selection"];
  const isPart = typeof selection === "object" && selection !== null &&
    Object.values(selection).some((patterns) => Array.isArray(patterns) && patterns.length > 0);
  if (isPart && excluded === 0) notes.push(`${name} holds only a part of its database: see options in its manifest`);
  if (manifest.status === "incomplete") notes.push(`${name} is incomplete: what it lacks looks removed or added`);
  if (unreadable !== null) notes.push(`${name}: ${unreadable}`);
  return notes;
}

async function fileRows(path: string, onData: (bytes: Uint8Array) => void, signal: AbortSignal): Promise<void> {
  const script = new CopyScript(onData);
  using file = await Deno.open(path);
  const buffer = new Uint8Array(READ);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    signal.throwIfAborted();
    script.push(buffer.subarray(0, read));
  }
  script.end();
}

async function archiveRows(
  tools: ToolSet,
  archive: string,
  dumpId: number,
  onData: (bytes: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  await using temp = await TempFolder.create();
  const list = join(temp.path, "list");
  await Deno.writeTextFile(list, `${dumpId};\n`, { mode: 0o600 });
  const script = new CopyScript(onData);
  await archiveScript(tools, archive, { section: "data-only", list }, signal, (chunk) => script.push(chunk));
  script.end();
}
