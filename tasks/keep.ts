import { PgstrataError, systemClock } from "../lib/base/mod.ts";
import { appendRecord, type BackupMarks, findBackup, type UsableEntry } from "../lib/catalog/mod.ts";
import { keepText } from "../lib/report/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { KEEP_OPTIONS } from "./commands/keep.ts";
import { parseUntil } from "./keep_until.ts";
import { READ_OPTIONS } from "./read_backups.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";

/** `pgstrata keep`: marks a backup that stays, or takes the mark back. */
export async function run(
  { positionals: [argument = ""], options }: Invocation<typeof KEEP_OPTIONS>,
  context: TaskContext,
  { clock }: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const { console } = context;
  const now = clock.now();
  const keep = readMark(options, now);
  const { folder } = await shelfSetting(context);
  const { entry, shelf } = await findBackup(folder, argument, context.cwd, READ_OPTIONS);
  const id = markable(entry);
  const before = entry.kind === "foreign" ? null : entry.marks.keep;
  if (keep !== null) await appendRecord(shelf.folder, id, { kind: "keep", ...keep });
  else if (before !== null) await appendRecord(shelf.folder, id, { kind: "released", at: now.toISOString() });
  if (context.json) {
    console.document({ version: 1, command: "keep", path: entry.path, folder: entry.folder, keep, before, errors: [] });
  } else if (keep !== null) console.say(`${entry.path} is ${keepText(keep)}`);
  else if (before === null) console.warn(`${entry.path} was not marked`);
  else console.say(`${entry.path} is kept no more than the rules say`);
  return 0;
}

/** The mark that the options ask for; null takes it back. */
function readMark(
  { reason, until, release }: Invocation<typeof KEEP_OPTIONS>["options"],
  now: Date,
): BackupMarks["keep"] {
  if (release) {
    if (reason === undefined && until === undefined) return null;
    throw wrong("--release takes a mark back, --reason and --until set one", "Give --release alone.");
  }
  if (reason === undefined) {
    throw wrong("--reason is missing", "Say why it is kept, for whoever wants to remove it: --reason 'audit 2026'.");
  }
  return { at: now.toISOString(), reason, until: until === undefined ? null : parseUntil(until, now).toISOString() };
}

/** The id that marks are kept under. */
function markable(entry: UsableEntry): string {
  const summary = entry.kind === "foreign" ? null : entry.summary;
  if (summary !== null) return summary.id;
  throw new PgstrataError(`Cannot mark ${entry.path}: it has no manifest that can be read`, {
    code: "usage",
    hint: "It needs no mark: prune never removes what it does not recognise.",
  });
}

function wrong(state: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot run keep: ${state}`, { code: "usage", hint });
}
