import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `push`. */
export const PUSH_OPTIONS = {
  to: {
    kind: "list",
    value: "STORAGE",
    summary: "A name of pgstrata.json, s3://BUCKET/PREFIX or file:///FOLDER; may be repeated (default: all configured)",
  },
  all: { kind: "flag", summary: "Every sealed backup of the shelf that is not stored there yet" },
  jobs: { kind: "integer", short: "j", min: 1, max: 64, default: "4", summary: "Requests at the same time" },
} as const satisfies OptionTable;

/** `pgstrata push`. */
export const push: Command = defineCommand({
  name: "push",
  summary: "copy a backup to cold storage",
  description: [
    "Stores every file under its own name in an S3 bucket or a folder, checked by the hash in the manifest. The " +
    "manifest goes last: a push that broke is never taken for a backup, and the next one goes on where it stopped.",
    "Credentials come as for Amazon's own tools: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or the " +
    "machine's role. Services other than Amazon's need their endpoint, in pgstrata.json or AWS_ENDPOINT_URL.",
  ],
  positionals: [
    {
      name: "backup",
      summary: "a folder, its name as list shows it, latest (default), or latest:ENV",
      completes: "folder",
    },
  ],
  options: PUSH_OPTIONS,
  examples: [
    { line: "pgstrata push latest:prod", does: "The newest of prod, to every storage of pgstrata.json." },
    { line: "pgstrata push --all --to file:///mnt/nas/backups", does: "What is not on the other disk yet." },
    {
      line: "AWS_ENDPOINT_URL=https://s3.example.org pgstrata push --to s3://backups/shop",
      does: "To a bucket of another service.",
    },
  ],
  load: () => loadRunner("push"),
});
