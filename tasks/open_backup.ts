import { readDecryptionKeys } from "../lib/crypt/mod.ts";
import type { UsableEntry } from "../lib/catalog/mod.ts";
import type { Clock } from "../lib/base/mod.ts";
import type { TaskContext } from "./command.ts";
import { cryptDeps } from "./crypt_setting.ts";

/** A backup that can be read: its own folder, or a plain copy of an encrypted one that goes with the scope. */
export interface ReadableBackup extends AsyncDisposable {
  readonly folder: string;
}

/**
 * Opens a backup for reading. An encrypted one is decrypted into a private temporary folder, with the keys of the
 * environment (`PGSTRATA_AGE_IDENTITY_FILE`, `PGSTRATA_PASSPHRASE_FILE`, gpg's own).
 *
 * @throws {PgstrataError} code `usage` when no key opens it, `not_good` when a file is damaged, `no_room`
 */
export async function openBackup(
  entry: Pick<UsableEntry, "kind" | "folder" | "path">,
  env: Readonly<Record<string, string>>,
  clock: Clock,
  context: TaskContext,
  signal: AbortSignal,
): Promise<ReadableBackup> {
  if (entry.kind !== "encrypted") {
    return { folder: entry.folder, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { openEncrypted } = await import("../lib/crypt/mod.ts");
  context.console.say(`Decrypting ${entry.path} into a temporary folder`);
  const parent = env["TMPDIR"];
  return await openEncrypted(
    entry.folder,
    await readDecryptionKeys(env),
    { now: clock.now(), ...parent === undefined || parent === "" ? {} : { parent } },
    cryptDeps(env, signal),
  );
}
