/** Encryption: age and gpg, files one by one and whole backups. */
export * from "./decrypt_folder.ts";
export * from "./decryptor.ts";
export * from "./encrypt_folder.ts";
export * from "./encryptor.ts";
export * from "./keys.ts";
export * from "./method.ts";
export * from "./open_encrypted.ts";
export type { WrittenFile } from "./output_file.ts";
export * from "./public_part.ts";
export * from "./read_keys.ts";
export * from "./unsealed_encryption.ts";
export type { UnsealedBackup } from "./write_rest.ts";
export { generateAgeKey } from "./age_library.ts";
