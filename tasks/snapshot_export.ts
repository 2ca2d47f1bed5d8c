import { join } from "@std/path";
import { PgstrataError, sizeText, systemClock } from "../lib/base/mod.ts";
import { type BackupOptions, runBackup } from "../lib/backup/mod.ts";
import { CHECKSUMS_FILE, parseChecksums } from "../lib/catalog/mod.ts";
import { readEncryptionKey } from "../lib/crypt/mod.ts";
import { summaryText } from "../lib/report/mod.ts";
import { dropSnapshot, exportSnapshot, findSnapshot, requireInstalled } from "../lib/snapshot/mod.ts";
import { hashFile } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { EXPORT_OPTIONS } from "./commands/snapshot.ts";
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
    const encryption = encrypt ? { encryption: await readEncryptionKey(work.env, { configured: recipients }) } : {};
    await requireInstalled(session);
    const found = await findSnapshot(session, invocation.positionals[0] ?? "");
    const { snapshot, folder } = await exportSnapshot(session, found, async ({ tablePattern, label }) => {
      const options = { ...backupOptions(work, context, tablePattern, label), ...encryption };
      const made = await makeBackup(options, {
        clock: systemClock,
        env: work.env,
        signal: work.signal,
        onEvent: (event) => event.type === "warning" ? console.warn(event.message) : undefined,
        renderSummary: (manifest) => summaryText(manifest, { restoreHint: true, ownCommand: false }),
        version: VERSION,
      });
      await readBack(made.folder);
      return made;
    });
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

/** Reads the sealed folder back: every file must have the hash it was written with. */
async function readBack(folder: string): Promise<void> {
  for (const { path, sha256 } of parseChecksums(await Deno.readTextFile(join(folder, CHECKSUMS_FILE)))) {
    if ((await hashFile(join(folder, path))).sha256 === sha256) continue;
    throw new PgstrataError("Cannot export: a file of the backup is not what was written", {
      code: "not_good",
      context: { folder, file: path },
      hint: "The copy stays. Check the disk and export again.",
    });
  }
}
