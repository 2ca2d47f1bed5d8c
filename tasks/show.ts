import { join } from "@std/path";
import { systemClock } from "../lib/base/mod.ts";
import {
  findBackup,
  type Manifest,
  MANIFEST_FILE,
  parseManifest,
  readRecords,
  type UsableEntry,
} from "../lib/catalog/mod.ts";
import { detailsText, shelfView, summaryText } from "../lib/report/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { SHOW_OPTIONS } from "./commands/show.ts";
import { folderDocument } from "./folder_document.ts";
import { ON_SCREEN, painted } from "./print_summary.ts";
import { planPrune } from "./prune_run.ts";
import { READ_OPTIONS } from "./read_backups.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";
import { tableColumns } from "./table_columns.ts";

/** `pgstrata show`: everything about one backup. */
export async function run(
  { positionals: [argument = ""] }: Invocation<typeof SHOW_OPTIONS>,
  context: TaskContext,
  { clock }: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const { console } = context;
  const { folder, config } = await shelfSetting(context);
  const { entry, shelf } = await findBackup(folder, argument, context.cwd, READ_OPTIONS);
  const now = clock.now();
  const id = entry.kind === "foreign" ? null : entry.summary?.id;
  const records = id ? await readRecords(shelf.folder, id) : [];
  const { plan } = planPrune(shelf, config.retention, null, now);
  const decision = plan.decisions.find(({ path }) => path === entry.path) ?? null;
  const row = shelfView(shelf, null).rows.find((one) => one.entry.path === entry.path) ??
    { entry, apparent: entry.usage.apparent, real: entry.usage.apparent };
  const manifest = await manifestOf(entry);
  if (context.json) {
    const { warnings = [], omissions = [], durations = {} } = manifest ?? {};
    console.document({
      version: 1,
      command: "show",
      at: now.toISOString(),
      shelf: shelf.folder,
      ...folderDocument(row, now),
      manifest: manifest === null ? null : join(entry.folder, MANIFEST_FILE),
      warnings,
      omissions,
      durations,
      records,
      retention: decision,
      errors: [],
    });
    return 0;
  }
  console.result(detailsText({ entry, records, decision, real: row.real }, now));
  if (manifest !== null) {
    const ownCommand = context.commands.some(({ name }) => name === "restore");
    const columns = tableColumns(console);
    const text = summaryText(manifest, {
      folder: entry.folder,
      ownCommand,
      columns,
      ...(context.verbose ? {} : ON_SCREEN),
    });
    console.result(`\n${painted(text, manifest.status === "complete", console.resultPaint)}`);
  }
  return 0;
}

/** The manifest; null where there is none, or it is encrypted. */
async function manifestOf(entry: UsableEntry): Promise<Manifest | null> {
  if (entry.kind !== "backup") return null;
  return parseManifest(await Deno.readTextFile(join(entry.folder, MANIFEST_FILE)));
}
