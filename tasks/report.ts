import { join, resolve } from "@std/path";
import { noRoomError, PgstrataError, systemClock } from "../lib/base/mod.ts";
import { isSameEnvironment, readAllRecords, type Shelf } from "../lib/catalog/mod.ts";
import { type EnvironmentData, htmlReport } from "../lib/report/mod.ts";
import { Interruption, writeFileAtomic } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { REPORT_OPTIONS } from "./commands/report.ts";
import { planPrune } from "./prune_run.ts";
import { readBackups } from "./read_backups.ts";
import { environmentData } from "./report_data.ts";
import { missingText, namedEnvironments } from "./shelf_environments.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";
import { VERSION } from "./version.ts";

/** File name of the page on the shelf. */
const REPORT_FILE = "report.html";

/** `pgstrata report`. */
export async function run(
  { positionals, options }: Invocation<typeof REPORT_OPTIONS>,
  context: TaskContext,
  { clock }: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const { console } = context;
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const { folder, config, env } = await shelfSetting(context);
  const shelf = await readBackups(folder);
  const named = namedEnvironments({ positionals, env: options.env }, shelf);
  const missing = missingText(named, shelf);
  if (missing !== null) {
    throw new PgstrataError(`Cannot draw a report: ${missing}`, {
      code: "usage",
      hint: "`pgstrata list` shows what there is.",
    });
  }
  const at = clock.now();
  const warn = (text: string) => console.warn(text);
  const environments: EnvironmentData[] = [];
  for (const name of sections(shelf, named)) {
    const reading = { env, signal, withDifference: options.difference, warn };
    environments.push(await environmentData(shelf, name, reading));
  }
  const page = htmlReport({
    at,
    version: VERSION,
    shelf,
    environments,
    plan: planPrune(shelf, config.retention, null, at).plan,
    records: await readAllRecords(shelf.folder),
    ownCommand: context.commands.some(({ name }) => name === "restore"),
  });
  const printed = options.output === "-";
  if (printed && context.json) {
    throw new PgstrataError("Cannot draw a report: --output - and --json both go to standard output", {
      code: "usage",
      hint: "Give --output a file, or leave --json out.",
    });
  }
  const file = options.output === undefined ? join(shelf.folder, REPORT_FILE) : resolve(context.cwd, options.output);
  if (!printed) await publish(file, page);
  if (printed) console.result(page);
  else if (context.json) {
    console.document({
      version: 1,
      command: "report",
      at: at.toISOString(),
      shelf: shelf.folder,
      file,
      bytes: new TextEncoder().encode(page).length,
      environments: environments.map(({ name }) => name),
      errors: [],
    });
  } else console.result(file);
  return 0;
}

/** All environments of the shelf with runs, those named first to last. */
function sections(shelf: Shelf, named: readonly string[] | null): string[] {
  const found = new Set<string>();
  const all = [
    ...shelf.entries.flatMap(({ environment }) => environment ?? []),
    ...shelf.failedRuns.map((run) => run.environment),
  ];
  for (const name of all) {
    if (named !== null && !named.some((one) => isSameEnvironment(one, name))) continue;
    if (![...found].some((one) => isSameEnvironment(one, name))) found.add(name);
  }
  return [...found].sort();
}

async function publish(file: string, page: string): Promise<void> {
  try {
    await writeFileAtomic(file, page);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new PgstrataError(`Cannot write ${file}: there is no such folder`, { code: "usage", cause });
    }
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new PgstrataError(`Cannot write ${file}: the system refused`, {
        code: "usage",
        cause,
        hint: "Name another place with --output.",
      });
    }
    throw cause instanceof Error && /ENOSPC|No space left/i.test(cause.message)
      ? noRoomError(`Cannot write ${file}: no space left on the device`, cause)
      : cause;
  }
}
