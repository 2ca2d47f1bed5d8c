import { systemClock } from "../lib/base/mod.ts";
import { shelfTable, shelfView } from "../lib/report/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { LIST_OPTIONS } from "./commands/list.ts";
import { folderDocument } from "./folder_document.ts";
import { markTitles } from "./mark_titles.ts";
import { readBackups } from "./read_backups.ts";
import { missingText, namedEnvironments } from "./shelf_environments.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";
import { tableColumns } from "./table_columns.ts";

/** `pgstrata list`: what is on the shelf. */
export async function run(
  { positionals, options }: Invocation<typeof LIST_OPTIONS>,
  context: TaskContext,
  { clock }: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const { console } = context;
  if (options.remote || options.from.length > 0) {
    const { listRemotes } = await import("./list_remote.ts");
    return await listRemotes({ positionals, options }, context, { clock });
  }
  const { folder } = await shelfSetting(context);
  const shelf = await readBackups(folder);
  const environments = namedEnvironments({ positionals, env: options.env }, shelf);
  const view = shelfView(shelf, environments);
  const now = clock.now();
  if (context.json) {
    console.document({
      version: 1,
      command: "list",
      at: now.toISOString(),
      shelf: view.folder,
      environments,
      usage: view.usage,
      backups: view.rows.map((row) => folderDocument(row, now)),
      failedRuns: view.failedRuns,
      errors: [],
    });
    return 0;
  }
  const missing = missingText(environments, shelf);
  if (missing !== null) console.warn(missing);
  const text = shelfTable(view, { now, columns: tableColumns(console) });
  console.result(markTitles(text, console.resultPaint));
  return 0;
}
