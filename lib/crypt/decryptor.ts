import { join } from "@std/path";
import { PgstrataError, Secret } from "../base/mod.ts";
import { TempFolder } from "../system/mod.ts";
import { ageDecrypt, type AgeKeys, parseIdentities } from "./age_library.ts";
import { ageProgramDecrypt, hasAgeProgram } from "./age_program.ts";
import { gpgDecrypt, type GpgSetting } from "./gpg_program.ts";
import type { CryptDeps, DecryptionKeys } from "./keys.ts";
import { type EncryptionMethod, keyFile } from "./method.ts";
import { FileStream, writeOutput, type WrittenFile } from "./output_file.ts";

/** From here on starting the `age` program is faster than the built-in library. */
const PROGRAM_WORTH = 1024 * 1024;

/** Most bytes of a text that is decrypted into memory: a manifest of some ten thousand tables. */
const TEXT_LIMIT = 256 * 1024 * 1024;

/** Decrypts files of one backup, or files that others encrypted. */
export interface Decryptor extends AsyncDisposable {
  readonly method: EncryptionMethod;
  /**
   * Decrypts a file into a new one, whole or not at all.
   *
   * @param check looks at bytes and hash before the file gets its name
   * @throws {PgstrataError} code `usage` when no key opens it, `not_good` when it is damaged, `tool` without gpg
   */
  decryptFile(
    source: string,
    target: string,
    options: { readonly sync: boolean; readonly check?: (written: WrittenFile) => void },
  ): Promise<WrittenFile>;
  /** Decrypts a small file into memory. */
  decryptText(source: string): Promise<string>;
}

/**
 * Makes ready to decrypt.
 *
 * @param folder the backup; its key is opened when a passphrase locks it. Null for single files.
 * @throws {PgstrataError} code `usage` when the passphrase does not open that key, or no key was given at all
 */
export async function openDecryptor(
  folder: string | null,
  method: EncryptionMethod,
  keys: DecryptionKeys,
  deps: CryptDeps = {},
): Promise<Decryptor> {
  const locked = folder === null ? null : join(folder, keyFile(method));
  const isLocked = locked !== null && await Deno.stat(locked).then(() => true, () => false);
  if (isLocked && keys.passphrase === undefined) throw noKey("its passphrase", "PGSTRATA_PASSPHRASE_FILE", locked);
  return method === "age" ? await openAge(isLocked ? locked : null, keys, deps) : await openGpg(
    isLocked ? locked : null,
    keys,
    deps,
  );
}

async function openAge(locked: string | null, keys: DecryptionKeys, deps: CryptDeps): Promise<Decryptor> {
  let identities = parseIdentities(keys.ageIdentities?.reveal() ?? "");
  if (locked !== null) {
    const keyOfPerson: AgeKeys = { identities: [], passphrase: keys.passphrase };
    identities = parseIdentities(await collectText((write) => decryptByLibrary(locked, keyOfPerson, write, deps)));
  }
  if (identities.length === 0 && keys.passphrase === undefined) {
    throw noKey("an identity of age", "PGSTRATA_AGE_IDENTITY_FILE", null);
  }
  const program = deps.age !== "library" && identities.length > 0 && await hasAgeProgram();
  const needsProgram = identities.some((identity) => !identity.startsWith("AGE-SECRET-KEY-1"));
  const ageKeys: AgeKeys = { identities, passphrase: keys.passphrase };
  const fill = async (source: string, write: (chunk: Uint8Array) => void) => {
    const byProgram = program && (needsProgram || (await Deno.stat(source)).size >= PROGRAM_WORTH) &&
      !(await isPassphraseFile(source));
    if (byProgram) return await ageProgramDecrypt(source, identities, write, deps.signal);
    await decryptByLibrary(source, ageKeys, write, deps);
  };
  return {
    method: "age",
    decryptFile: (source, target, options) => writeOutput(target, (write) => fill(source, write), options),
    decryptText: (source) => collectText((write) => fill(source, write)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function openGpg(locked: string | null, keys: DecryptionKeys, deps: CryptDeps): Promise<Decryptor> {
  let passphrase = keys.passphrase;
  const home = locked === null ? null : await TempFolder.create({ prefix: "pgstrata-gpg-" });
  const setting: GpgSetting = { home: home?.path ?? deps.gpgHome, signal: deps.signal };
  // The backup's own key needs no agent; keys of people do.
  const fill = (source: string, write: (chunk: Uint8Array) => void) =>
    gpgDecrypt(source, passphrase, locked === null, write, setting);
  try {
    if (locked !== null) passphrase = new Secret((await collectText((write) => fill(locked, write))).trim());
  } catch (error) {
    await home?.[Symbol.asyncDispose]();
    throw error;
  }
  return {
    method: "gpg",
    decryptFile: (source, target, options) => writeOutput(target, (write) => fill(source, write), options),
    decryptText: (source) => collectText((write) => fill(source, write)),
    async [Symbol.asyncDispose](): Promise<void> {
      await home?.[Symbol.asyncDispose]();
    },
  };
}

async function decryptByLibrary(
  source: string,
  keys: AgeKeys,
  write: (chunk: Uint8Array) => void,
  deps: CryptDeps,
): Promise<void> {
  await using cipher = new FileStream(source);
  for await (const chunk of ageDecrypt(source, cipher.stream, keys)) {
    deps.signal?.throwIfAborted();
    write(chunk);
  }
}

async function collectText(fill: (write: (chunk: Uint8Array) => void) => Promise<void>): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  await fill((chunk) => {
    bytes += chunk.length;
    if (bytes > TEXT_LIMIT) throw new PgstrataError(`Cannot decrypt a text: it is larger than ${TEXT_LIMIT} bytes`);
    chunks.push(chunk.slice());
  });
  return await new Blob(chunks).text();
}

/** Whether an age file was locked with a passphrase directly: the program asks a terminal for it. */
async function isPassphraseFile(source: string): Promise<boolean> {
  const start = new Uint8Array(64);
  using file = await Deno.open(source);
  const read = await file.read(start) ?? 0;
  return new TextDecoder().decode(start.subarray(0, read)).startsWith("age-encryption.org/v1\n-> scrypt ");
}

function noKey(what: string, variable: string, file: string | null): PgstrataError {
  return new PgstrataError(`Cannot decrypt: ${what} was not given`, {
    code: "usage",
    ...file === null ? {} : { context: { file } },
    hint: `Point ${variable} to a file that holds it.`,
  });
}
