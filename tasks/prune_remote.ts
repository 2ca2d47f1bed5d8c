import { counted } from "../lib/base/mod.ts";
import {
  type BackupMarks,
  marksOf,
  planWithin,
  type PruneResult,
  readAllRecords,
  type RetentionPlan,
  type RetentionPolicy,
} from "../lib/catalog/mod.ts";
import { pruneText } from "../lib/report/mod.ts";
import { carryOutRemote, DEFAULT_JOBS, planRemoteRetention, remoteHistory } from "../lib/storage/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { PRUNE_OPTIONS } from "./commands/prune.ts";
import { markTitles } from "./mark_titles.ts";
import { prunePolicy } from "./prune_policy.ts";
import { refusalError } from "./prune_run.ts";
import { atEachPlace, hasRecords, type RemotePlace, tellFailures } from "./remote_places.ts";
import { namedEnvironments } from "./shelf_environments.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";
import { textColumns } from "./table_columns.ts";
import { tellPrune } from "./tell_prune.ts";
import { worstExit } from "./worst_exit.ts";

/** `pgstrata prune --remote`: the same rules for the copies in cold storage. */
export async function pruneRemotes(
  invocation: Invocation<typeof PRUNE_OPTIONS>,
  context: TaskContext,
  { clock }: ShelfDeps,
): Promise<number> {
  const { positionals, options } = invocation;
  const { console } = context;
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const setting = await shelfSetting(context);
  const policy = prunePolicy(setting.config.retention, options);
  const marks = await marksOnShelf(setting.folder);
  const noted = await hasRecords(setting.folder);
  const at = clock.now();
  const stores: unknown[] = [];
  const exits: number[] = [];
  let removable = 0;
  const failed = await atEachPlace(options.from, setting, signal, async (place) => {
    const { destination, store, entries } = place;
    const environments = namedEnvironments({ positionals, env: options.env }, { folder: destination.url, entries });
    const plan = planPlace(place, policy, environments, marks, at);
    if (!context.json && !(options.apply && console.quiet)) {
      console.say(`${stores.length === 0 ? "" : "\n"}${destination.url}`);
      const text = pruneText(plan, { columns: textColumns(console), sizes: sizesOf(place) });
      console.result(markTitles(text, console.resultPaint));
    }
    const result: PruneResult | null = options.apply
      ? await carryOutRemote(store, entries, plan, {
        clock,
        jobs: DEFAULT_JOBS,
        signal,
        onEvent: (event) => tellPrune(event, console),
        ...noted ? { records: { shelf: setting.folder, destination: destination.url } } : {},
      })
      : null;
    const errors = plan.refusals.map(refusalError);
    for (const error of errors) console.error(error);
    exits.push(...errors.map(({ exit }) => exit));
    removable += plan.decisions.filter(({ action }) => action === "remove").length;
    if (result !== null && result.removed.length > 0) {
      console.say(`${counted(result.removed.length, "folder")} removed from ${destination.name}`);
    }
    stores.push({
      name: destination.name,
      url: destination.url,
      applied: result !== null,
      ...plan,
      removed: result?.removed ?? [],
      skipped: result?.skipped ?? [],
      errors: errors.map((error) => console.errorDocument(error)),
    });
  });
  if (!options.apply && removable > 0) console.say("Nothing was changed. To do it, add --apply");
  const errors = tellFailures(failed, console);
  if (context.json) {
    console.document({ version: 1, command: "prune", at: at.toISOString(), policy, stores, errors });
  }
  return worstExit([...exits, ...failed.map(({ error }) => error.exit)]);
}

function planPlace(
  { destination, entries }: RemotePlace,
  policy: RetentionPolicy,
  environments: readonly string[] | null,
  marks: ReadonlyMap<string, BackupMarks>,
  now: Date,
): RetentionPlan {
  const rules = { minimumDays: destination.minimumDays, marks };
  const whole = planRemoteRetention(entries, policy, now, rules);
  return environments === null
    ? whole
    : planWithin(whole, remoteHistory(entries, rules), environments, policy.maxBytes);
}

/** Keep marks and findings of the shelf hold for the copies too. */
async function marksOnShelf(folder: string): Promise<Map<string, BackupMarks>> {
  return new Map([...await readAllRecords(folder)].map(([id, records]) => [id, marksOf(records)]));
}

function sizesOf({ entries }: RemotePlace): Map<string, { readonly apparent: number }> {
  return new Map(remoteHistory(entries, { minimumDays: null }).items.map(({ path, usage }) => [path, usage]));
}
