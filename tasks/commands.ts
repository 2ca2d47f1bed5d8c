import type { Command } from "./command.ts";
import { backup } from "./commands/backup.ts";
import { completions } from "./commands/completions.ts";
import { help } from "./commands/help.ts";

/**
 * The command table: parsing, help, "did you mean", completions and the manual page come from it.
 * A new command is a file in `commands/`, a module with `run`, and a line here.
 */
export const COMMANDS: readonly Command[] = [backup, completions, help];
