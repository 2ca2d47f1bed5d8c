import {
  counted,
  durationText,
  messageOf,
  PgstrataError,
  sizeText,
  systemClock,
  toPgstrataError,
} from "../lib/base/mod.ts";
import { appendRecord, findBackup, type Shelf, type UsableEntry } from "../lib/catalog/mod.ts";
import {
  chooseDestinations,
  type Destination,
  openStore,
  pushBackup,
  type TransferResult,
} from "../lib/storage/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { PUSH_OPTIONS } from "./commands/push.ts";
import { lockEntry } from "./crypt_setting.ts";
import { READ_OPTIONS, readBackups } from "./read_backups.ts";
import { type ShelfDeps, type ShelfSetting, shelfSetting } from "./shelf_setting.ts";
import { TransferProgress } from "./transfer_progress.ts";
import { worstExit } from "./worst_exit.ts";

/** `pgstrata push`: each backup to each place; a failure does not keep the next place from getting its copy. */
export async function run(
  { positionals, options }: Invocation<typeof PUSH_OPTIONS>,
  context: TaskContext,
  deps: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const { console } = context;
  if (options.all && positionals.length > 0) {
    throw new PgstrataError("Cannot run push: --all and a backup exclude each other", {
      code: "usage",
      hint: "Give one of them.",
    });
  }
  const setting = await shelfSetting(context);
  const destinations = chooseDestinations(setting.config.storage, options.to, setting.env);
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const pushes: unknown[] = [];
  const errors: unknown[] = [];
  const exits: number[] = [];
  for (const destination of destinations) {
    const { shelf, entries } = await backupsFor(destination, positionals, options.all, setting, context);
    for (const entry of entries) {
      if (signal.aborted) break;
      try {
        const result = await pushOne(shelf, entry, destination, { setting, context, deps, signal, jobs: options.jobs });
        pushes.push({
          path: entry.path,
          storage: destination.name,
          url: `${destination.url}/${entry.path}`,
          ...result,
        });
      } catch (thrown) {
        const error = toPgstrataError(signal.aborted ? signal.reason : thrown);
        console.error(error);
        exits.push(error.exit);
        errors.push({ path: entry.path, storage: destination.name, ...console.errorDocument(error) });
      }
    }
    if (entries.length === 0) console.say(`Nothing to push to ${destination.name}: every backup is there`);
  }
  if (context.json) console.document({ version: 1, command: "push", pushes, errors });
  return worstExit(exits);
}

async function backupsFor(
  destination: Destination,
  positionals: readonly string[],
  all: boolean,
  setting: ShelfSetting,
  context: TaskContext,
): Promise<{ readonly shelf: Shelf; readonly entries: readonly UsableEntry[] }> {
  if (!all) {
    const { shelf, entry } = await findBackup(setting.folder, positionals[0] ?? "latest", context.cwd, READ_OPTIONS);
    return { shelf, entries: [entry] };
  }
  const shelf = await readBackups(setting.folder);
  // The oldest first: should it break, what is nearest to its removal is safe.
  const entries = shelf.entries.toReversed().flatMap((entry) =>
    (entry.kind === "backup" || entry.kind === "encrypted") && !entry.marks.stored.includes(destination.url)
      ? [entry]
      : []
  );
  return { shelf, entries };
}

interface PushSetting {
  readonly setting: ShelfSetting;
  readonly context: TaskContext;
  readonly deps: ShelfDeps;
  readonly signal: AbortSignal;
  readonly jobs: number;
}

/** Pushes one backup to one place. Other programs, such as `backup --push`, may call it too. */
export async function pushOne(
  shelf: Shelf,
  entry: UsableEntry,
  destination: Destination,
  { setting, context, deps: { clock }, signal, jobs }: PushSetting,
): Promise<TransferResult> {
  const { console } = context;
  using _held = await lockEntry(shelf, entry, { what: "push", alone: false });
  const begun = clock.monotonic();
  await using store = await openStore(destination, { env: setting.env, jobs, signal });
  using progress = new TransferProgress(`${entry.path} to ${destination.name}`, context, clock);
  const onEvent = progress.tell.bind(progress);
  const result = await pushBackup(store, { folder: entry.folder, path: entry.path }, { jobs, signal, onEvent });
  progress[Symbol.dispose]();
  const summary = entry.kind === "foreign" ? null : entry.summary;
  if (summary !== null) {
    const at = clock.now().toISOString();
    const noted = appendRecord(shelf.folder, summary.id, { kind: "stored", at, destination: destination.url });
    await noted.catch((error) => console.warn(`that it is there cannot be noted on the shelf: ${messageOf(error)}`));
  }
  const took = durationText(clock.monotonic() - begun);
  console.say(`${entry.path} is in ${destination.name}: ${movedText(result)} in ${took}`);
  if (!context.json) console.result(`${destination.url}/${entry.path}`);
  return result;
}

/** What a transfer moved, for people. */
export function movedText({ files, bytes, movedFiles, movedBytes }: TransferResult): string {
  const all = `${counted(files, "file")}, ${sizeText(bytes)}`;
  if (movedFiles === files && movedBytes === bytes) return all;
  return movedBytes === 0 ? `${all}, all of it there before` : `${all}, of which ${sizeText(movedBytes)} were missing`;
}
