import { join } from "@std/path";
import { systemClock } from "../../lib/base/mod.ts";
import { type BackupEvent, type BackupOptions, type BackupResult, runBackup } from "../../lib/backup/mod.ts";
import { parseConnectionString, type Target } from "../../lib/connection/mod.ts";
import type { ToolSet } from "../../lib/postgres/mod.ts";
import { processText } from "../../lib/system/mod.ts";
import { summaryText } from "../../lib/report/mod.ts";

/** What a test changes of an ordinary backup. */
export type BackupChanges = Partial<Omit<BackupOptions, "target" | "shelf">> & {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: BackupEvent) => void;
  readonly env?: Readonly<Record<string, string>>;
};

/** The target of a test database. */
export function testTarget(url: string, environment = "test"): Target {
  return parseConnectionString(url, { environment, source: "the test", env: {} });
}

/** Options of an ordinary backup of everything. */
export function backupOptions(url: string, shelf: string): BackupOptions {
  return {
    target: testTarget(url),
    label: null,
    shelf,
    layout: "runbook",
    severalEnvironments: false,
    tiers: ["full", "schema", "table"],
    engine: "archive",
    jobs: 2,
    maxConnections: null,
    compression: null,
    selection: { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] },
    content: "all",
    privileges: true,
    blobs: false,
    skipUnreadable: false,
    lockWaitTimeout: 20_000,
    expectedOmissions: [],
  };
}

/** Backs up a database with the client programs given. */
export async function backUp(
  url: string,
  shelf: string,
  tools: ToolSet,
  changes: BackupChanges = {},
): Promise<BackupResult> {
  const { signal, onEvent, env, ...options } = changes;
  return await runBackup({ ...backupOptions(url, shelf), ...options }, {
    clock: systemClock,
    env: env ?? { PGSTRATA_PG_BIN: tools.folder },
    signal: signal ?? new AbortController().signal,
    onEvent: onEvent ?? (() => {}),
    renderSummary: (manifest) => summaryText(manifest, { restoreHint: true, ownCommand: false }),
    version: "0.0.0-test",
  });
}

/** Output of one of PostgreSQL's programs; the database is its last argument. */
export async function pgText(tools: ToolSet, program: string, args: readonly string[]): Promise<string> {
  return withoutTokens(await processText({ program: tools.program(program), args }, 1024 ** 3));
}

/** `pg_dump` output has a random token in two lines. */
export function withoutTokens(text: string): string {
  return text.replaceAll(/^\\(?:un)?restrict \w+\n\n?/gm, "");
}

/** A file of a backup as text. */
export async function readText(folder: string, path: string): Promise<string> {
  return await Deno.readTextFile(join(folder, path));
}

/** Names of everything in a folder, or none if it is not there. */
export async function folderNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
