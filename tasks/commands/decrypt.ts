import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `decrypt`. */
export const DECRYPT_OPTIONS = {
  to: { kind: "string", value: "FOLDER", summary: "Decrypt into a new folder; the encrypted backup stays" },
  "identity-file": {
    kind: "string",
    short: "i",
    value: "FILE",
    summary: "Identities of age (default: PGSTRATA_AGE_IDENTITY_FILE)",
  },
  "passphrase-file": {
    kind: "string",
    value: "FILE",
    summary: "Its first line is the passphrase (default: PGSTRATA_PASSPHRASE_FILE)",
  },
} as const satisfies OptionTable;

/** `pgstrata decrypt`. */
export const decrypt: Command = defineCommand({
  name: "decrypt",
  summary: "decrypt a backup, where it stands or into another folder",
  description: [
    "Each file is checked against the manifest inside before it gets its name. The encrypted files go when all is " +
    "decrypted and synced; with --to they stay. Called again after it was interrupted, it finishes.",
  ],
  positionals: [
    {
      name: "backup",
      summary: "a folder, its name as list shows it, latest, or latest:ENV",
      required: true,
      completes: "folder",
    },
  ],
  options: DECRYPT_OPTIONS,
  examples: [
    {
      line: "pgstrata decrypt latest:prod --to /srv/plain -i ~/age-identity.txt",
      does: "A plain copy; the encrypted backup stays as it is.",
    },
    { line: "pgstrata decrypt 20260304_050607_prod", does: "In place, with the keys of the environment." },
  ],
  load: () => loadRunner("decrypt"),
});
