import { resolve } from "@std/path";
import { sizeText, systemClock } from "../lib/base/mod.ts";
import { findBackup } from "../lib/catalog/mod.ts";
import { decryptBackup, decryptBackupTo, readDecryptionKeys } from "../lib/crypt/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { DECRYPT_OPTIONS } from "./commands/decrypt.ts";
import { cryptDeps, lockEntry } from "./crypt_setting.ts";
import { archived, republish } from "./encrypted_twin.ts";
import { READ_OPTIONS } from "./read_backups.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";

/** `pgstrata decrypt`: an encrypted backup becomes a plain one, or gets a plain copy. */
export async function run(
  { positionals: [argument = ""], options }: Invocation<typeof DECRYPT_OPTIONS>,
  context: TaskContext,
  _deps: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const { console } = context;
  const { folder, env } = await shelfSetting(context);
  const keys = await readDecryptionKeys(env, {
    identityFile: options["identity-file"],
    passphraseFile: options["passphrase-file"],
  });
  console.hide([keys.ageIdentities, keys.passphrase].filter((secret) => secret !== undefined));
  const { entry: found, shelf } = await findBackup(folder, argument, context.cwd, READ_OPTIONS);
  const entry = archived(shelf, found);
  using _lock = await lockEntry(shelf, entry, { what: "decrypt", alone: options.to === undefined });
  using interruption = new Interruption();
  const deps = cryptDeps(env, AbortSignal.any([interruption.signal, context.signal]));
  const target = options.to === undefined ? null : resolve(context.cwd, options.to);
  const done = target === null
    ? await decryptBackup(entry.folder, keys, deps)
    : await decryptBackupTo(entry.folder, target, keys, deps);
  if (target === null) await republish(entry);
  const plain = target ?? entry.folder;
  if (context.json) {
    const facts = { path: entry.path, folder: plain, changed: done !== null, bytes: done?.bytes ?? null };
    console.document({ version: 1, command: "decrypt", ...facts, errors: [] });
    return 0;
  }
  if (done === null) console.say(`${entry.path} was plain already`);
  else console.say(`${entry.path} is decrypted: ${sizeText(done.bytes)}`);
  console.result(plain);
  return 0;
}
