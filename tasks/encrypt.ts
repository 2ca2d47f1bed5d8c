import { counted, sizeText, systemClock } from "../lib/base/mod.ts";
import { findBackup } from "../lib/catalog/mod.ts";
import { encryptBackup, readEncryptionKey } from "../lib/crypt/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { ENCRYPT_OPTIONS } from "./commands/encrypt.ts";
import { cryptDeps, lockEntry, publicPart, warnOfKeys } from "./crypt_setting.ts";
import { archived, republish } from "./encrypted_twin.ts";
import { READ_OPTIONS } from "./read_backups.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";

/** `pgstrata encrypt`: a sealed backup becomes an encrypted one. */
export async function run(
  { positionals: [argument = ""], options }: Invocation<typeof ENCRYPT_OPTIONS>,
  context: TaskContext,
  _deps: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const { console } = context;
  const { folder, config, env } = await shelfSetting(context);
  const key = await readEncryptionKey(env, {
    method: options.method,
    recipients: options.recipient,
    configured: config.recipients,
    passphraseFile: options["passphrase-file"],
  });
  if ("passphrase" in key) console.hide([key.passphrase]);
  const { entry: found, shelf } = await findBackup(folder, argument, context.cwd, READ_OPTIONS);
  const entry = archived(shelf, found);
  using _lock = await lockEntry(shelf, entry, { what: "encrypt", alone: true });
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const done = await encryptBackup(entry.folder, key, publicPart, cryptDeps(env, signal));
  await republish(entry);
  const opensBy = "passphrase" in key ? "a passphrase" : counted(key.recipients.length, "recipient");
  if (context.json) {
    const { path } = entry;
    const bytes = done?.bytes ?? null;
    const facts = { path, folder: entry.folder, method: key.method, changed: done !== null, bytes };
    console.document({ version: 1, command: "encrypt", ...facts, errors: [] });
  } else if (done === null) console.say(`${entry.path} was encrypted already, and is as it was`);
  else console.say(`${entry.path} is encrypted with ${key.method} for ${opensBy}: ${sizeText(done.bytes)}`);
  await warnOfKeys(shelf.folder, console);
  return 0;
}
