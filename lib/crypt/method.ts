/** How a backup's files are encrypted: the suffix of every one of them. */
export type EncryptionMethod = "age" | "gpg";

/** Readable beside an encrypted manifest: what a list shows of the backup, without any key. */
export const PUBLIC_FILE = "manifest.public.json";

/**
 * The key of a backup that a passphrase opens, itself encrypted with the passphrase. One slow derivation opens
 * the backup, not one for each file.
 */
export function keyFile(method: EncryptionMethod): string {
  return `manifest.key.${method}`;
}

/** The name of a file once it is encrypted. */
export function encryptedName(path: string, method: EncryptionMethod): string {
  return `${path}.${method}`;
}
