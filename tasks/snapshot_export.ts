import { join } from "@std/path";
import { PgstrataError, sizeText, systemClock } from "../lib/base/mod.ts";
import { type BackupOptions, runBackup } from "../lib/backup/mod.ts";
import { MANIFEST_FILE, parseManifest } from "../lib/catalog/mod.ts";
import { encryptBackup, type EncryptionKey, readEncryptionKey } from "../lib/crypt/mod.ts";
import { summaryText } from "../lib/report/mod.ts";
import {
  dropSnapshot,
  exportSnapshot,
  findSnapshot,
  requireInstalled,
  type SnapshotBackup,
} from "../lib/snapshot/mod.ts";
import { hashFile, removeTree } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { EXPORT_OPTIONS } from "./commands/snapshot.ts";
import { cryptDeps, publicPart } from "./crypt_setting.ts";
import { loadConfig } from "./load_config.ts";
import { pushAfterBackup } from "./push_after_backup.ts";
import { documentHead, type SnapshotWork, withDatabase } from "./snapshot.ts";
import { VERSION } from "./version.ts";

/** `pgstrata snapshot export`. */
export function run(
  invocation: Invocation<typeof EXPORT_OPTIONS>,
  context: TaskContext,
  makeBackup: typeof runBackup = runBackup,
): Promise<number> {
  const { drop, encrypt, push, "lock-timeout": lockTimeout } = invocation.options;
  return withDatabase(invocation, context, async (work) => {
    const { session, target } = work;
    const { console } = context;
    const { recipients } = await loadConfig(context, work.env);
    const key = encrypt ? await readEncryptionKey(work.env, { configured: recipients }) : null;
    await requireInstalled(session);
    const found = await findSnapshot(session, invocation.positionals[0] ?? "");
    const { snapshot, folder } = await exportSnapshot(session, found, async ({ tablePattern, label }) => {
      const options = backupOptions(work, context, tablePattern, label);
      const { folder } = await makeBackup(options, {
        clock: systemClock,
        env: work.env,
        signal: work.signal,
        onEvent: (event) => event.type === "warning" ? console.warn(event.message) : undefined,
        renderSummary: (manifest) => summaryText(manifest, { restoreHint: true, ownCommand: false }),
        version: VERSION,
      });
      return await readBack(folder);
    });
    if (key !== null) await encryptOrRemove(folder, key, work);
    const pushed = push ? await pushAfterBackup([folder], context, work.signal) : 0;
    // A copy that did not reach its storage is not the last one to go.
    if (pushed !== 0) return pushed;
    if (drop) await dropSnapshot(session, snapshot.id, { reason: `exported to ${folder}`, lockTimeout });
    if (context.json) console.document({ ...documentHead("export", target), snapshot, folder, dropped: drop });
    else {
      console.say(
        `Exported snapshot ${snapshot.id} (${sizeText(snapshot.totalBytes)})${drop ? " and dropped its copy" : ""}`,
      );
      console.result(folder);
    }
    return 0;
  });
}

/** What was to be encrypted does not stay in plain; the copy in the database is still there. */
async function encryptOrRemove(folder: string, key: EncryptionKey, { env, signal }: SnapshotWork): Promise<void> {
  try {
    await encryptBackup(folder, key, publicPart, cryptDeps(env, signal));
  } catch (error) {
    await removeTree(folder);
    throw error;
  }
}

function backupOptions(
  { target, env }: SnapshotWork,
  context: TaskContext,
  table: string,
  label: string,
): BackupOptions {
  return {
    target,
    label,
    shelf: context.dir ?? (env["PGSTRATA_DIR"] || "backups"),
    layout: "runbook",
    severalEnvironments: false,
    tiers: ["full", "table"],
    engine: "archive",
    jobs: null,
    maxConnections: null,
    compression: null,
    selection: { schemas: [], excludeSchemas: [], tables: [table], excludeTables: [], excludeTableData: [] },
    content: "all",
    privileges: true,
    blobs: false,
    skipUnreadable: false,
    lockWaitTimeout: 60_000,
    expectedOmissions: [],
  };
}

/** Reads the sealed folder back: every file must have the hash of the manifest. */
async function readBack(folder: string): Promise<SnapshotBackup> {
  const manifest = parseManifest(await Deno.readTextFile(join(folder, MANIFEST_FILE)));
  for (const { path, sha256 } of manifest.files) {
    if ((await hashFile(join(folder, path))).sha256 === sha256) continue;
    throw new PgstrataError("Cannot export: a file of the backup is not what its manifest says", {
      code: "not_good",
      context: { folder, file: path },
      hint: "The copy stays. Check the disk and export again.",
    });
  }
  return { folder, manifest };
}
