import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `encrypt`. */
export const ENCRYPT_OPTIONS = {
  method: {
    kind: "choice",
    choices: ["age", "gpg"],
    value: "METHOD",
    summary: "age or gpg (default: what there are recipients for, else age)",
  },
  recipient: {
    kind: "list",
    short: "r",
    value: "PUBLIC-KEY",
    summary: "Who can decrypt: a public key of age, or a key that gpg knows; may be repeated",
  },
  "passphrase-file": { kind: "string", value: "FILE", summary: "Its first line is the passphrase" },
} as const satisfies OptionTable;

/** `pgstrata encrypt`. */
export const encrypt: Command = defineCommand({
  name: "encrypt",
  summary: "encrypt a backup where it stands",
  description: [
    "Every file is encrypted on its own and keeps its name, with .age or .gpg behind it: the programs age and gpg open " +
    "them without pgstrata. What list and prune show stays readable. The plain files go when all is encrypted and " +
    "synced; until then there has to be room for both.",
    "Keys come from PGSTRATA_AGE_RECIPIENTS, PGSTRATA_GPG_RECIPIENTS, pgstrata.json, PGSTRATA_PASSPHRASE_FILE or " +
    "PGSTRATA_PASSPHRASE. Whoever loses the key has lost the backup.",
    "Called again after it was interrupted, it finishes.",
  ],
  positionals: [
    {
      name: "backup",
      summary: "a folder, its name as list shows it, latest, or latest:ENV",
      required: true,
      completes: "folder",
    },
  ],
  options: ENCRYPT_OPTIONS,
  examples: [
    {
      line: "PGSTRATA_AGE_RECIPIENTS=age1... pgstrata encrypt latest:prod",
      does: "For the holder of one age key; nobody else can read it.",
    },
    {
      line: "pgstrata encrypt latest --method gpg --passphrase-file /root/passphrase",
      does: "With a passphrase, by gpg (AES-256).",
    },
  ],
  load: () => loadRunner("encrypt"),
});
