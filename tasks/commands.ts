import type { Command } from "./command.ts";
import { backup } from "./commands/backup.ts";
import { completions } from "./commands/completions.ts";
import { diff } from "./commands/diff.ts";
import { doctor } from "./commands/doctor.ts";
import { help } from "./commands/help.ts";
import { init } from "./commands/init.ts";
import { schedule } from "./commands/schedule.ts";
import { snapshot } from "./commands/snapshot.ts";
import { decrypt } from "./commands/decrypt.ts";
import { encrypt } from "./commands/encrypt.ts";
import { pull } from "./commands/pull.ts";
import { push } from "./commands/push.ts";
import { keep } from "./commands/keep.ts";
import { list } from "./commands/list.ts";
import { prune } from "./commands/prune.ts";
import { show } from "./commands/show.ts";
import { report } from "./commands/report.ts";
import { restore } from "./commands/restore.ts";
import { verify } from "./commands/verify.ts";

/**
 * The command table: parsing, help, "did you mean", completions and the manual page come from it.
 * A new command is a file in `commands/`, a module with `run`, a line in `runners.ts`, and one here.
 */
export const COMMANDS: readonly Command[] = [
  backup,
  verify,
  restore,
  list,
  show,
  prune,
  keep,
  push,
  pull,
  encrypt,
  decrypt,
  snapshot,
  diff,
  report,
  completions,
  doctor,
  init,
  schedule,
  help,
];
