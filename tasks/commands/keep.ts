import { type Command, defineCommand, type OptionTable } from "../command.ts";
import { loadRunner } from "../load_runner.ts";

/** Options of `keep`. */
export const KEEP_OPTIONS = {
  reason: { kind: "string", value: "TEXT", summary: "Why it is kept, and who asked: list, show and prune say it" },
  until: {
    kind: "string",
    value: "WHEN",
    summary: "A day (2026-12-31, its end in UTC) or a time from now (30d, 4w, 6mo, 1y); for ever without it",
  },
  release: { kind: "flag", summary: "Take the mark back" },
} as const satisfies OptionTable;

/** `pgstrata keep`. */
export const keep: Command = defineCommand({
  name: "keep",
  summary: "mark a backup that prune must not remove",
  description: [
    "A marked backup stays whatever the rules say, for ever or until a day. The mark stands on the shelf, not in the " +
    "backup, which is not changed.",
  ],
  positionals: [
    {
      name: "backup",
      summary: "a folder, its name as list shows it, latest, or latest:ENV",
      required: true,
      completes: "folder",
    },
  ],
  options: KEEP_OPTIONS,
  examples: [
    {
      line: "pgstrata keep latest:prod --reason 'audit 2026, asked by Jo'",
      does: "The newest of prod stays for ever.",
    },
    {
      line: "pgstrata keep 20260304_050607_prod --reason 'before the tenant split' --until 6mo",
      does: "That one stays for six months.",
    },
    { line: "pgstrata keep 20260304_050607_prod --release", does: "The rules hold for it again." },
  ],
  load: () => loadRunner("keep"),
});
