import type { Secret } from "../base/mod.ts";

/** What files are encrypted with: recipients' public keys, or a passphrase. */
export type EncryptionKey =
  | { readonly method: "age" | "gpg"; readonly recipients: readonly string[] }
  | { readonly method: "age" | "gpg"; readonly passphrase: Secret };

/** What may open encrypted files. All that is there is tried. */
export interface DecryptionKeys {
  /** Text of an age identity file: a line for each `AGE-SECRET-KEY-1…`, comments allowed. */
  readonly ageIdentities?: Secret;
  /** Opens backups made with a passphrase, and secret keys of gpg that are locked with it. */
  readonly passphrase?: Secret;
}

/** What encrypting and decrypting needs from outside. */
export interface CryptDeps {
  readonly signal?: AbortSignal;
  /** gpg's folder with keys; its own default otherwise. */
  readonly gpgHome?: string;
  /**
   * `auto` hands large files to the `age` program where it is installed, ten times as fast; `library` never does.
   * Default `auto`.
   */
  readonly age?: "auto" | "library";
}
