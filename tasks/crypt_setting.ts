import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import {
  holdBackup,
  parseManifest,
  type Shelf,
  SHELF_META,
  summarize,
  takeBackup,
  type UsableEntry,
} from "../lib/catalog/mod.ts";
import type { CryptDeps } from "../lib/crypt/mod.ts";
import type { Console } from "./console.ts";

/** What encryption takes from the environment besides keys: gpg's folder. */
export function cryptDeps(env: Readonly<Record<string, string>>, signal: AbortSignal): CryptDeps {
  const gpgHome = env["GNUPGHOME"] ?? "";
  return { signal, ...gpgHome === "" ? {} : { gpgHome } };
}

/** The public part of an encrypted backup: what a list shows. */
export function publicPart(manifest: string): unknown {
  return summarize(parseManifest(manifest));
}

const NO_LOCK: Disposable = { [Symbol.dispose]: () => {} };

/**
 * Takes a backup for a change, or holds it for reading, until disposed of.
 *
 * @throws {PgstrataError} code `refused` when somebody reads it, or its removal has begun
 */
export async function lockEntry(
  shelf: Shelf,
  entry: UsableEntry,
  purpose: { readonly what: string; readonly alone: boolean },
): Promise<Disposable> {
  const summary = entry.kind === "foreign" ? null : entry.summary;
  // Without a summary there is no id that others could lock.
  if (summary === null) return NO_LOCK;
  const lock = purpose.alone
    ? await takeBackup(shelf.folder, summary.id)
    // A shelf that may only be read: nobody else removes anything from it either.
    : await holdBackup(shelf.folder, summary.id).catch(() => NO_LOCK);
  if (lock !== null) return lock;
  throw new PgstrataError(
    `Cannot ${purpose.what} ${entry.path}: ${purpose.alone ? "it is being read" : "it is being changed or removed"}`,
    { code: "refused", hint: "Wait until that has ended, and run the command again." },
  );
}

/** Says what a lost key means, the first time something is encrypted on a shelf. */
export async function warnOfKeys(shelf: string, console: Console): Promise<void> {
  const note = join(shelf, SHELF_META, "warned_of_keys");
  try {
    await Deno.mkdir(join(shelf, SHELF_META), { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(note, "", { createNew: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    // A shelf that takes no notes: better said once too often.
  }
  console.warn(
    "Without its key nobody can read an encrypted backup, you included. Keep the secret key or the passphrase in a\n" +
      "second place that the loss of this machine does not reach, and try it there: pgstrata decrypt BACKUP --to FOLDER",
  );
}
