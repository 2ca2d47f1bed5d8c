import { runBackup } from "../lib/backup/mod.ts";
import { systemClock } from "../lib/base/mod.ts";
import type { Target } from "../lib/connection/mod.ts";
import { summaryText } from "../lib/report/mod.ts";
import type { CompareRequest, Comparison } from "../lib/restore/mod.ts";
import { compareWithBackup, verifyBackup } from "../lib/verify/mod.ts";
import { MANIFEST_FILE, parseManifest } from "../lib/catalog/mod.ts";
import { join } from "@std/path";
import { VERSION } from "./version.ts";

/** Label of the backup that is made of a target before it is changed. */
export const SAFETY_LABEL = "pre_restore";

/** What a restore is given of the other rooms: checking, comparing, backing up. */
export interface RestoreParts {
  readonly verify: (folder: string) => Promise<readonly string[]>;
  readonly compare: (request: CompareRequest) => Promise<Comparison>;
  readonly safetyBackup: (target: Target) => Promise<string>;
}

/** What those parts need. */
export interface PartsSetting {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The folder of the backups. */
  readonly shelf: string;
  readonly say: (text: string) => void;
}

/** The parts as they are outside of tests. */
export function restoreParts(setting: PartsSetting): RestoreParts {
  return {
    verify: (folder) => verify(folder, setting),
    compare: (request) => compare(request, setting),
    safetyBackup: (target) => backUp(target, setting),
  };
}

/** Our own reader reads it all; pg_restore will read what it restores. */
async function verify(folder: string, { env, signal }: PartsSetting): Promise<string[]> {
  const { findings } = await verifyBackup(folder, { clock: systemClock, env, signal, pgRestore: false });
  return findings.filter(({ severity }) => severity === "damage").map(({ file, message }) => `${file}: ${message}`);
}

async function compare(request: CompareRequest, { env, signal }: PartsSetting): Promise<Comparison> {
  const manifest = parseManifest(await Deno.readTextFile(join(request.folder, MANIFEST_FILE)));
  return await compareWithBackup(request.target, request.folder, manifest, {
    env,
    signal,
    scope: { schemas: request.schemas, tables: request.tables, content: request.content },
    owners: request.owners,
    privileges: request.privileges,
    databaseProperties: request.databaseProperties,
    reportExtra: request.alone,
    skipped: request.leftOut,
    skippedExtensions: request.leftOutExtensions,
  });
}

/** A backup of everything with the label pre_restore. */
async function backUp(target: Target, { env, signal, shelf, say }: PartsSetting): Promise<string> {
  const { folder, manifest } = await runBackup({
    target,
    label: SAFETY_LABEL,
    shelf,
    layout: "runbook",
    severalEnvironments: false,
    tiers: ["full", "schema", "table"],
    engine: "archive",
    jobs: null,
    maxConnections: null,
    compression: null,
    selection: { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] },
    content: "all",
    privileges: true,
    blobs: false,
    skipUnreadable: false,
    lockWaitTimeout: 60_000,
    expectedOmissions: [],
  }, {
    clock: systemClock,
    env,
    signal,
    onEvent: () => {},
    renderSummary: (made) => summaryText(made, { restoreHint: true, ownCommand: true }),
    version: VERSION,
  });
  say(`Backed up the present state: ${folder}${manifest.status === "complete" ? "" : " (INCOMPLETE)"}`);
  return folder;
}
