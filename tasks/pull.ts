import { durationText, PgstrataError, systemClock } from "../lib/base/mod.ts";
import { appendRecord } from "../lib/catalog/mod.ts";
import {
  chooseDestinations,
  chooseRemote,
  type Destination,
  pullBackup,
  type PullResult,
  type RemoteBackup,
  type Store,
} from "../lib/storage/mod.ts";
import { Interruption, makeFolder } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { PULL_OPTIONS } from "./commands/pull.ts";
import { movedText } from "./push.ts";
import { atEachPlace } from "./remote_places.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";
import { TransferProgress } from "./transfer_progress.ts";

/** `pgstrata pull`: from the first place that has the backup. */
export async function run(
  { positionals: [argument = "latest"], options }: Invocation<typeof PULL_OPTIONS>,
  context: TaskContext,
  { clock }: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const setting = await shelfSetting(context);
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const bring = async (store: Store, destination: Destination, backup: RemoteBackup): Promise<PullResult> => {
    await makeFolder(setting.folder);
    using progress = new TransferProgress(`${backup.path} from ${destination.name}`, context, clock);
    const onEvent = progress.tell.bind(progress);
    const result = await pullBackup(store, backup, setting.folder, { jobs: options.jobs, signal, clock, onEvent });
    if (backup.summary !== null) {
      const at = clock.now().toISOString();
      const record = { kind: "stored", at, destination: destination.url } as const;
      await appendRecord(setting.folder, backup.summary.id, record);
    }
    return result;
  };
  const begun = clock.monotonic();
  const reasons: PgstrataError[] = [];
  for (const { name } of chooseDestinations(setting.config.storage, options.from, setting.env)) {
    const brought: Brought[] = [];
    let chosen = false;
    const [failed] = await atEachPlace([name], setting, signal, async ({ destination, store, entries }) => {
      const backup = chooseRemote(entries, argument, destination.url);
      chosen = true;
      brought.push({ result: await bring(store, destination, backup), backup, storage: destination.name });
    });
    // A place without it, or that cannot be reached: another one may have it.
    if (chosen && failed !== undefined) throw failed.error;
    if (failed !== undefined) reasons.push(failed.error);
    const [done] = brought;
    if (done === undefined) continue;
    tell(done, durationText(clock.monotonic() - begun), context);
    return 0;
  }
  const [first, ...others] = reasons;
  for (const error of others) context.console.error(error);
  throw first ?? new PgstrataError("Cannot pull: no storage is named", { code: "usage" });
}

interface Brought {
  readonly result: PullResult;
  readonly backup: RemoteBackup;
  readonly storage: string;
}

function tell(
  { result, backup, storage }: Brought,
  took: string,
  { console, json }: TaskContext,
): void {
  if (json) {
    const { path, method } = backup;
    const encrypted = method === "plain" ? null : method;
    return console.document({ version: 1, command: "pull", path, storage, encrypted, ...result, errors: [] });
  }
  console.say(`${backup.path} is here: ${movedText(result)} in ${took}`);
  console.result(result.folder);
}
