import { basename } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import type { EncryptionMethod } from "./method.ts";

/** None of the keys at hand opens a file (exit code 2). */
export function wrongKey(file: string, method: EncryptionMethod, cause?: unknown): PgstrataError {
  const where = method === "age"
    ? "Point PGSTRATA_AGE_IDENTITY_FILE to the identity of one of its recipients, or PGSTRATA_PASSPHRASE_FILE to " +
      "its passphrase."
    : "Import the secret key of one of its recipients into gpg, or point PGSTRATA_PASSPHRASE_FILE to its passphrase.";
  return new PgstrataError(`Cannot decrypt ${basename(file)}: no key at hand opens it`, {
    code: "usage",
    context: { file },
    hint: `${where} Nothing was changed.`,
    cause,
  });
}

/** A file is not what was encrypted (exit code 3). */
export function damagedCiphertext(file: string, cause?: unknown): PgstrataError {
  return new PgstrataError(`Cannot decrypt ${basename(file)}: it is damaged or cut off`, {
    code: "not_good",
    context: { file },
    hint: "Take it from another copy: `pgstrata pull` brings one back. SHA256SUMS tells which other files are whole.",
    cause,
  });
}

/** A recipient is none (exit code 2). */
export function wrongRecipient(method: EncryptionMethod, cause?: unknown): PgstrataError {
  return new PgstrataError(`Cannot encrypt: a recipient is no public key that ${method} knows`, {
    code: "usage",
    hint: method === "age"
      ? "Recipients of age look like age1…; `age-keygen -y IDENTITY_FILE` prints one. Others (ssh-…, plugins) need " +
        "the age program."
      : "`gpg --list-keys` shows what is known; import the public key, and name it by its fingerprint.",
    cause,
  });
}
