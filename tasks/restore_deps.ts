import { runBackup } from "../lib/backup/mod.ts";
import { systemClock } from "../lib/base/mod.ts";
import type { Target } from "../lib/connection/mod.ts";
import { summaryText } from "../lib/report/mod.ts";
import type { CompareRequest, Comparison } from "../lib/restore/mod.ts";
import { compareWithBackup, verifyBackup } from "../lib/verify/mod.ts";
import type { EncryptionKey } from "../lib/crypt/mod.ts";
import { MANIFEST_FILE, parseManifest, SAFETY_LABEL } from "../lib/catalog/mod.ts";
import { join } from "@std/path";
import { Progress, type ProgressContext } from "./progress.ts";
import { ShareProgress } from "./share_progress.ts";
import { VERSION } from "./version.ts";

/** What a restore is given of the other rooms: checking, comparing, backing up. */
export interface RestoreParts {
  readonly verify: (folder: string, files: readonly string[]) => Promise<readonly string[]>;
  readonly compare: (request: CompareRequest) => Promise<Comparison>;
  readonly safetyBackup: (target: Target) => Promise<string>;
}

/** What those parts need. */
export interface PartsSetting {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The folder of the backups. */
  readonly shelf: string;
  /** Where it is said how far they are. */
  readonly context: ProgressContext;
  /** What the safety backup is encrypted to; without, it is plain. */
  readonly encryption?: EncryptionKey;
}

/** The parts as they are outside of tests. */
export function restoreParts(setting: PartsSetting): RestoreParts {
  return {
    verify: (folder, files) => verify(folder, files, setting),
    compare: (request) => compare(request, setting),
    safetyBackup: (target) => backUp(target, setting),
  };
}

/** Hashes: what the files hold is read by the restore itself, and rows are compared afterwards. */
async function verify(
  folder: string,
  hashOnly: readonly string[],
  { env, signal, context }: PartsSetting,
): Promise<string[]> {
  using progress = new ShareProgress("checking the backup's files", context, systemClock);
  const onProgress = (done: number, total: number) => progress.showBytes(done, total);
  const deps = { clock: systemClock, env, signal, hashOnly, onProgress };
  const { findings } = await verifyBackup(folder, deps);
  return findings.filter(({ severity }) => severity === "damage").map(({ file, message }) => `${file}: ${message}`);
}

async function compare(request: CompareRequest, { env, signal, context }: PartsSetting): Promise<Comparison> {
  const manifest = parseManifest(await Deno.readTextFile(join(request.folder, MANIFEST_FILE)));
  using progress = new ShareProgress("comparing with the backup", context, systemClock);
  const total = manifest.tables.filter(({ schema, name }) =>
    (request.schemas?.includes(schema) ?? true) &&
    (request.tables?.some((table) => table.schema === schema && table.name === name) ?? true)
  ).reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
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
    onProgress: (bytes) => progress.showBytes(bytes, total),
  });
}

/** A backup of everything with the label pre_restore. */
async function backUp(target: Target, setting: PartsSetting): Promise<string> {
  const { env, signal, shelf, context, encryption } = setting;
  const progress = new Progress(target.environment, context, systemClock);
  const { folder, manifest } = await runBackup({
    target,
    ...encryption === undefined ? {} : { encryption },
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
    onEvent: (event) => progress.tell(event),
    renderSummary: (made) => summaryText(made, { restoreHint: true, ownCommand: true }),
    version: VERSION,
  }).finally(() => progress.end());
  context.console.say(`Backed up the present state: ${folder}${manifest.status === "complete" ? "" : " (INCOMPLETE)"}`);
  return folder;
}
