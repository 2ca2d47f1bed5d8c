import { PgstrataError, type Secret } from "../base/mod.ts";
import { ProcessError, runProcess } from "../system/mod.ts";
import { damagedCiphertext, wrongKey, wrongRecipient } from "./crypt_error.ts";

/** What every call of gpg needs. */
export interface GpgSetting {
  /** Its `--homedir`; gpg's own default otherwise. */
  readonly home: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const COMMON = [
  "--output",
  "-",
  "--batch",
  "--yes",
  "--no-tty",
  "--quiet",
  "--pinentry-mode",
  "loopback",
  "--status-fd",
  "2",
];

/** The file's own name is not put into the ciphertext: it stands outside. */
const WRITING = ["--cipher-algo", "AES256", "--compress-algo", "none", "--set-filename", ""];

/** With a passphrase alone no agent is needed, and none is left running. */
const NO_AGENT = "--no-autostart";

/**
 * How often a passphrase is hashed: the most that OpenPGP knows for one that a person chose,
 * next to nothing for 256 random bits, which cannot be guessed (RFC 4880, 3.7.1.3). 1024 would be coded as 0, at
 * which gpg asks the agent for a number.
 */
const STRETCHING = { chosen: "65011712", random: "2048" } as const;

/** A file, or a text that must not touch the disk. */
export type GpgSource = string | { readonly text: string };

/**
 * Encrypts with a passphrase (AES-256). The passphrase goes through standard input: gpg reads it up to the first
 * line break, byte by byte, and takes what follows as the data (g10/passphrase.c, `read_passphrase_from_fd`).
 */
export async function gpgLock(
  source: GpgSource,
  passphrase: Secret,
  kind: keyof typeof STRETCHING,
  write: (chunk: Uint8Array) => void,
  setting: GpgSetting,
): Promise<void> {
  const stretching = ["--s2k-mode", "3", "--s2k-digest-algo", "SHA512", "--s2k-count", STRETCHING[kind]];
  const args = [NO_AGENT, ...WRITING, ...stretching, "--passphrase-fd", "0", "--symmetric"];
  await gpg([...args, ...fileArgument(source)], `${passphrase.reveal()}\n${textOf(source)}`, write, setting);
}

/** Encrypts for recipients: key ids, fingerprints or addresses that gpg knows. */
export async function gpgEncrypt(
  source: GpgSource,
  recipients: readonly string[],
  write: (chunk: Uint8Array) => void,
  setting: GpgSetting,
): Promise<void> {
  const to = recipients.flatMap((recipient) => ["--recipient", recipient]);
  // Whoever names a key trusts it; gpg would ask otherwise, and nobody is there to answer.
  // An unknown key is an error, not a question to servers of others.
  const args = [
    ...WRITING,
    "--trust-model",
    "always",
    "--no-auto-key-locate",
    ...to,
    "--encrypt",
    ...fileArgument(source),
  ];
  try {
    await gpg(args, textOf(source), write, setting);
  } catch (cause) {
    if (!(cause instanceof ProcessError)) throw cause;
    throw /INV_RECP|NO_RECP|No public key/i.test(cause.stderr) ? wrongRecipient("gpg", cause) : cause;
  }
}

/**
 * Decrypts a file with gpg's secret keys or a passphrase.
 *
 * @param agent whether gpg's agent may be asked: it holds the secret keys
 * @throws {PgstrataError} code `usage` when no key opens it, `not_good` when it is damaged
 */
export async function gpgDecrypt(
  source: string,
  passphrase: Secret | undefined,
  agent: boolean,
  write: (chunk: Uint8Array) => void,
  setting: GpgSetting,
): Promise<void> {
  const args = [
    ...agent ? [] : [NO_AGENT],
    ...["--passphrase-fd", "0", "--decrypt", "--", source],
  ];
  try {
    await gpg(args, `${passphrase?.reveal() ?? ""}\n`, write, setting);
  } catch (cause) {
    if (!(cause instanceof ProcessError)) throw cause;
    throw isKeyProblem(cause.stderr) ? wrongKey(source, "gpg", cause) : damagedCiphertext(source, cause);
  }
}

/** Status lines: GnuPG's doc/DETAILS. Once a session key was found a failure is the file's. */
function isKeyProblem(stderr: string): boolean {
  return /\[GNUPG:\] (?:NO_SECKEY|MISSING_PASSPHRASE)|BAD_PASSPHRASE|Bad session key|No secret key/.test(stderr) &&
    !/\[GNUPG:\] PLAINTEXT /.test(stderr);
}

function fileArgument(source: GpgSource): string[] {
  return typeof source === "string" ? ["--", source] : [];
}

function textOf(source: GpgSource): string {
  return typeof source === "string" ? "" : source.text;
}

async function gpg(
  args: readonly string[],
  stdin: string,
  write: (chunk: Uint8Array) => void,
  { home, signal }: GpgSetting,
): Promise<void> {
  try {
    await runProcess({
      program: "gpg",
      args: [...home === undefined ? [] : ["--homedir", home], ...COMMON, ...args],
      stdin,
      ...signal === undefined ? {} : { signal },
    }, write);
  } catch (cause) {
    if (!(cause instanceof PgstrataError) || cause.code !== "tool") throw cause;
    throw new PgstrataError("Cannot run gpg: it is not installed", {
      code: "tool",
      hint: "Install it (Debian: apt-get install gpg), or use age, which needs no program.",
      cause,
    });
  }
}
