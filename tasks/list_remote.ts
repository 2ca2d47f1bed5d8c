import { isSameEnvironment } from "../lib/catalog/mod.ts";
import { type RemoteRow, remoteTable, storedBytes } from "../lib/report/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { LIST_OPTIONS } from "./commands/list.ts";
import { markTitles } from "./mark_titles.ts";
import { atEachPlace, remoteRow, tellFailures } from "./remote_places.ts";
import { namedEnvironments } from "./shelf_environments.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";
import { tableColumns } from "./table_columns.ts";
import { worstExit } from "./worst_exit.ts";

/** `pgstrata list --remote`: what is in cold storage. */
export async function listRemotes(
  { positionals, options }: Invocation<typeof LIST_OPTIONS>,
  context: TaskContext,
  { clock }: ShelfDeps,
): Promise<number> {
  const { console } = context;
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const now = clock.now();
  const columns = tableColumns(console);
  const stores: unknown[] = [];
  const failed = await atEachPlace(options.from, await shelfSetting(context), signal, ({ destination, entries }) => {
    const { name, url } = destination;
    const environments = namedEnvironments({ positionals, env: options.env }, { folder: url, entries });
    const rows = entries.filter(({ environment }) =>
      environments === null ||
      (environment !== null && environments.some((one) => isSameEnvironment(one, environment)))
    ).map(remoteRow);
    stores.push({ name, url, environments, backups: rows.map((row) => remoteDocument(row, now)) });
    if (!context.json) {
      const gap = stores.length > 1 ? "\n" : "";
      console.result(gap + markTitles(remoteTable(url, rows, { now, columns }), console.resultPaint));
    }
    return Promise.resolve();
  });
  const errors = tellFailures(failed, console);
  if (context.json) {
    console.document({ version: 1, command: "list", at: now.toISOString(), stores, errors });
  }
  return worstExit(failed.map(({ error }) => error.exit));
}

function remoteDocument({ summary, ...row }: RemoteRow, now: Date) {
  return {
    ...row,
    age: Math.floor((now.getTime() - row.time.getTime()) / 1000),
    bytes: storedBytes({ ...row, summary }),
    backup: summary,
  };
}
