import { PgstrataError, Secret } from "../base/mod.ts";
import type { DecryptionKeys, EncryptionKey } from "./keys.ts";
import type { EncryptionMethod } from "./method.ts";

/** What a command line and the configuration say about keys. Files, never the keys themselves. */
export interface KeyRequest {
  readonly method?: EncryptionMethod | undefined;
  /** Of the command line; they replace those of the environment and the configuration. */
  readonly recipients?: readonly string[];
  /** Of `pgstrata.json`. */
  readonly configured?: { readonly age: readonly string[]; readonly gpg: readonly string[] };
  readonly passphraseFile?: string | undefined;
  readonly identityFile?: string | undefined;
}

type Env = Readonly<Record<string, string>>;

/**
 * The key to encrypt with: recipients of the command line, else of the environment (`PGSTRATA_AGE_RECIPIENTS`,
 * `PGSTRATA_GPG_RECIPIENTS`, split at commas and blanks), else of the configuration; without any the passphrase
 * of `PGSTRATA_PASSPHRASE_FILE` or `PGSTRATA_PASSPHRASE`. A file on the command line wins over all.
 *
 * @throws {PgstrataError} code `usage` when there is none, or both age's and gpg's and no method was named
 */
export async function readEncryptionKey(env: Env, request: KeyRequest = {}): Promise<EncryptionKey> {
  const { method } = request;
  if (request.passphraseFile !== undefined) {
    if ((request.recipients ?? []).length > 0) {
      throw usage("recipients and a passphrase exclude each other", "Give one of them.");
    }
    return { method: method ?? "age", passphrase: await readSecret(request.passphraseFile) };
  }
  const found = { age: recipientsOf("age", env, request), gpg: recipientsOf("gpg", env, request) };
  if (method === undefined && found.age.length > 0 && found.gpg.length > 0) {
    throw usage("there are recipients for age and for gpg", "Say which with --method age or --method gpg.");
  }
  const chosen = method ?? (found.gpg.length > 0 ? "gpg" : "age");
  if (found[chosen].length > 0) return { method: chosen, recipients: found[chosen] };
  const passphrase = await passphraseOf(env, undefined);
  if (passphrase !== undefined) return { method: chosen, passphrase };
  throw usage(
    `there is no key${method === undefined ? "" : ` for ${method}`}`,
    "Set PGSTRATA_AGE_RECIPIENTS (age1…, from `age-keygen`), PGSTRATA_GPG_RECIPIENTS or PGSTRATA_PASSPHRASE_FILE, " +
      "or put recipients into pgstrata.json.",
  );
}

/**
 * All keys at hand to decrypt with: `PGSTRATA_AGE_IDENTITY_FILE` or `PGSTRATA_AGE_IDENTITY`,
 * `PGSTRATA_PASSPHRASE_FILE` or `PGSTRATA_PASSPHRASE`; files of the command line win. gpg's own secret keys
 * need no mention.
 *
 * @throws {PgstrataError} code `usage` when a file cannot be read or is empty
 */
export async function readDecryptionKeys(env: Env, request: KeyRequest = {}): Promise<DecryptionKeys> {
  const identityFile = request.identityFile ?? nonEmpty(env["PGSTRATA_AGE_IDENTITY_FILE"]);
  const identity = nonEmpty(env["PGSTRATA_AGE_IDENTITY"]);
  const ageIdentities = identityFile !== undefined
    ? new Secret(await readKeyFile(identityFile))
    : identity === undefined
    ? undefined
    : new Secret(identity);
  const passphrase = await passphraseOf(env, request.passphraseFile);
  return {
    ...ageIdentities === undefined ? {} : { ageIdentities },
    ...passphrase === undefined ? {} : { passphrase },
  };
}

function recipientsOf(method: EncryptionMethod, env: Env, request: KeyRequest): readonly string[] {
  const given = request.recipients ?? [];
  if (given.length > 0) {
    // Without a method the form tells: age's begin with age1 or ssh-.
    const isOfAge = request.method === undefined
      ? given.every((recipient) => /^(?:age1|ssh-)/.test(recipient))
      : request.method === "age";
    return isOfAge === (method === "age") ? given : [];
  }
  const variable = env[method === "age" ? "PGSTRATA_AGE_RECIPIENTS" : "PGSTRATA_GPG_RECIPIENTS"] ?? "";
  // A recipient of SSH is three words; a line or a comma ends it.
  const separator = /ssh-/.test(variable) ? /[,\n]+/ : /[,\s]+/;
  const named = variable.split(separator).map((word) => word.trim()).filter((word) => word !== "");
  return named.length > 0 ? named : request.configured?.[method] ?? [];
}

async function passphraseOf(env: Env, file: string | undefined): Promise<Secret | undefined> {
  const path = file ?? nonEmpty(env["PGSTRATA_PASSPHRASE_FILE"]);
  if (path !== undefined) return await readSecret(path);
  const value = nonEmpty(env["PGSTRATA_PASSPHRASE"]);
  return value === undefined ? undefined : new Secret(value);
}

/** The first line of a file, as gpg reads its `--passphrase-file`. */
async function readSecret(path: string): Promise<Secret> {
  const [line = ""] = (await readKeyFile(path)).split(/\r?\n/);
  if (line === "") throw usage(`${path} holds no passphrase`, "Its first line is the passphrase.");
  return new Secret(line);
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw usage(`${path} cannot be read`, "Check the path, and that this user may read it.", cause);
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function usage(state: string, hint: string, cause?: unknown): PgstrataError {
  return new PgstrataError(`Cannot take a key: ${state}`, { code: "usage", hint, cause });
}
