import { messageOf, type Secret } from "../base/mod.ts";
import { damagedCiphertext, wrongKey, wrongRecipient } from "./crypt_error.ts";

/** Loaded when it is needed: most commands never encrypt. */
const library = () => import("age-encryption");

/** A new key pair of age. */
export async function generateAgeKey(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const age = await library();
  const identity = await age.generateX25519Identity();
  return { identity, recipient: await age.identityToRecipient(identity) };
}

/** Encrypts a stream for recipients. */
export async function ageEncrypt(
  plain: ReadableStream<Uint8Array>,
  recipients: readonly string[],
): Promise<ReadableStream<Uint8Array>> {
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  try {
    for (const recipient of recipients) encrypter.addRecipient(recipient);
  } catch (cause) {
    throw wrongRecipient("age", cause);
  }
  return await encrypter.encrypt(plain);
}

/** Encrypts a few bytes with a passphrase (scrypt, about a second). */
export async function ageLock(content: string, passphrase: Secret): Promise<Uint8Array> {
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase.reveal());
  return await encrypter.encrypt(content);
}

/** What opens an age file: identities one a line, a passphrase, or both. */
export interface AgeKeys {
  readonly identities: readonly string[];
  readonly passphrase: Secret | undefined;
}

/**
 * Decrypts a stream. What is handed on before a damage is found is genuine, but not all of it:
 * nobody may see it until the end came without an error.
 *
 * @throws {PgstrataError} code `usage` when no key opens it, `not_good` when it is damaged
 */
export async function* ageDecrypt(
  file: string,
  cipher: ReadableStream<Uint8Array>,
  keys: AgeKeys,
): AsyncIterable<Uint8Array> {
  const { Decrypter } = await library();
  const decrypter = new Decrypter();
  try {
    for (const identity of keys.identities) decrypter.addIdentity(identity);
  } catch (cause) {
    throw wrongKey(file, "age", cause);
  }
  if (keys.passphrase !== undefined) decrypter.addPassphrase(keys.passphrase.reveal());
  try {
    yield* await decrypter.decrypt(cipher);
  } catch (cause) {
    throw ageError(file, cause);
  }
}

/** Messages of typage 0.3.1, `lib/index.ts`. */
function ageError(file: string, cause: unknown): Error {
  if (cause instanceof Deno.errors.NotFound) return cause;
  return /no identity matched/.test(messageOf(cause)) ? wrongKey(file, "age", cause) : damagedCiphertext(file, cause);
}

/** The identities in the text of an identity file. */
export function parseIdentities(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}
