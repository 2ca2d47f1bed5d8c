import { basename, join, resolve } from "@std/path";
import { type Clock, counted, PgstrataError, systemClock } from "../lib/base/mod.ts";
import {
  appendRecord,
  backupId,
  type BackupRecord,
  findBackup,
  holdBackup,
  type Manifest,
} from "../lib/catalog/mod.ts";
import { loadEnvironment, parseConnectionString, resolveTargets, type Target } from "../lib/connection/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import { drillBackup, type DrillDeps, type DrillReport, verifyBackup, type VerifyReport } from "../lib/verify/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { VERIFY_OPTIONS } from "./commands/verify.ts";
import { markTitles } from "./mark_titles.ts";
import { openBackup } from "./open_backup.ts";
import { DrillProgress } from "./drill_progress.ts";
import { drillTiers } from "./drill_tiers.ts";
import { READ_OPTIONS } from "./read_backups.ts";
import { ShareProgress } from "./share_progress.ts";
import { shelfName } from "./shelf_setting.ts";
import { drillText, verifyText } from "./verify_text.ts";

/** What `verify` needs besides its arguments; tests hand in others. */
export interface VerifyTaskDeps {
  readonly clock: Clock;
  readonly verify: typeof verifyBackup;
  readonly drill: typeof drillBackup;
}

const DEPS: VerifyTaskDeps = { clock: systemClock, verify: verifyBackup, drill: drillBackup };

type Options = Invocation<typeof VERIFY_OPTIONS>["options"];

/** `pgstrata verify`: reads a backup back, or restores it and compares. */
export async function run(
  { positionals, options }: Invocation<typeof VERIFY_OPTIONS>,
  context: TaskContext,
  deps: VerifyTaskDeps = DEPS,
): Promise<number> {
  const { console } = context;
  const argument = positionals[0] ?? (options.env === undefined ? "latest" : `latest:${options.env}`);
  checkOptions(positionals, options);
  const { env, warnings } = await loadEnvironment(context.cwd, context.env);
  for (const warning of warnings) console.warn(warning);
  const target = options.to === undefined ? null : targetOf(options.to, env);
  if (target?.password !== undefined) console.hide([target.password]);
  const found = await findFolder(resolve(context.cwd, shelfName(context, env)), argument, context.cwd);
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  using _held = found.id === null ? null : await hold(found.shelf, found.id);
  const readable = { kind: found.encrypted ? "encrypted" : "backup", folder: found.folder, path: found.name } as const;
  await using opened = await openBackup(readable, env, deps.clock, context, signal);
  console.say(`Verifying ${found.name}`);
  const report = await readBack(opened.folder, context, { ...deps, env, signal });
  const all = context.verbose;
  show(verifyText(found.name, report, { all }), context, report.good);
  await note(found, report.manifest, verifiedRecord(report, deps.clock), context);
  let drill: DrillReport | null = null;
  if (options.drill && report.good) {
    const manifest = manifestFor(report, found.name);
    const { tiers, note: told } = drillTiers(options.tier, manifest);
    if (told !== null) console.warn(told);
    using progress = new DrillProgress(manifest, context, deps.clock);
    drill = await deps.drill({
      folder: opened.folder,
      manifest,
      tiers,
      target,
      jobs: options.jobs ?? null,
    }, { clock: deps.clock, env, signal, onEvent: (event) => progress.tell(event) });
    progress.end();
    show(drillText(found.name, drill, { all }), context, drill.state === "good");
    await note(found, report.manifest, drilledRecord(drill, deps.clock), context);
  } else if (options.drill) console.warn("a damaged backup is not drilled: restore another one");
  if (context.json) console.document(document(found, report, drill));
  const isPartial = drill?.state === "partial" && options.strict;
  return report.good && drill?.state !== "different" && !isPartial ? 0 : 3;
}

async function readBack(
  folder: string,
  context: TaskContext,
  { clock, verify, env, signal }: VerifyTaskDeps & Pick<DrillDeps, "env" | "signal">,
): Promise<VerifyReport> {
  using progress = new ShareProgress("reading back", context, clock);
  return await verify(folder, { clock, env, signal, onProgress: (done, total) => progress.showBytes(done, total) });
}

/** A backup's folder, and where it was found. */
interface Found {
  readonly folder: string;
  /** As people know it. */
  readonly name: string;
  readonly shelf: string;
  readonly id: string | null;
  readonly encrypted: boolean;
}

/** A damaged manifest makes a backup unusable to others; here it is what is to be looked at. */
async function findFolder(shelf: string, argument: string, cwd: string): Promise<Found> {
  try {
    const { entry, shelf: { folder } } = await findBackup(shelf, argument, cwd, READ_OPTIONS);
    const id = entry.kind === "foreign" ? null : entry.summary?.id ?? null;
    return { folder: entry.folder, name: entry.path, shelf: folder, id, encrypted: entry.kind === "encrypted" };
  } catch (error) {
    if (!(error instanceof PgstrataError) || error.code !== "not_good") throw error;
    for (const folder of [resolve(cwd, argument), join(shelf, argument)]) {
      if (await isFolder(folder)) return { folder, name: basename(folder), shelf, id: null, encrypted: false };
    }
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

async function hold(shelf: string, id: string): Promise<Disposable | null> {
  let held: Disposable | null;
  try {
    held = await holdBackup(shelf, id);
  } catch {
    return null; // A shelf that may only be read: nobody else removes anything from it either.
  }
  if (held !== null) return held;
  throw new PgstrataError("Cannot verify the backup: it is being removed", {
    code: "refused",
    hint: "`pgstrata list` shows the others.",
  });
}

function checkOptions(positionals: readonly string[], options: Options): void {
  if (positionals.length > 0 && options.env !== undefined) {
    throw new PgstrataError("Cannot verify: both a backup and --env are given", {
      code: "usage",
      hint: "Write latest:ENV for the newest backup of an environment.",
    });
  }
  if (options.drill) return;
  const needs = options.to !== undefined
    ? "--to"
    : options.strict
    ? "--strict"
    : options.tier !== "full"
    ? "--tier"
    : null;
  if (needs === null) return;
  throw new PgstrataError(`Cannot use ${needs}: it belongs to --drill`, { code: "usage", hint: "Add --drill." });
}

function targetOf(text: string, env: Readonly<Record<string, string>>): Target | null {
  const isUrl = text.includes("://") || text.includes("=");
  return isUrl
    ? parseConnectionString(text, { environment: "drill", source: "--to", env })
    : resolveTargets(text, env)[0] ?? null;
}

function manifestFor(report: VerifyReport, name: string): Manifest {
  if (report.manifest !== null) return report.manifest;
  throw new PgstrataError(`Cannot drill ${name}: it has no manifest to compare with`, {
    code: "usage",
    hint: "Restore it by hand into an empty database with pg_restore.",
  });
}

function verifiedRecord(report: VerifyReport, clock: Clock): BackupRecord {
  const { files, archives, tables } = report;
  const how = `${counted(files, "file")}, ${counted(archives, "archive")}, rows of ${counted(tables, "table")}`;
  const damages = report.findings.filter(({ severity }) => severity === "damage").length;
  return {
    kind: "verified",
    at: clock.now().toISOString(),
    good: report.good,
    how: report.good ? how : `${counted(damages, "finding")} in ${how}`,
  };
}

function drilledRecord(drill: DrillReport, clock: Clock): BackupRecord {
  const tiers = drill.tiers.map(({ tier, state }) => `${tier} ${state}`).join(", ");
  return {
    kind: "drilled",
    at: clock.now().toISOString(),
    good: drill.state !== "different",
    coverage: drill.coverage,
    how: `${tiers}, PostgreSQL ${drill.server.version}`,
  };
}

/** Beside the backups, never inside them. Nothing depends on it: a shelf that may only be read is no failure. */
async function note(
  found: Found,
  manifest: Manifest | null,
  record: BackupRecord,
  context: TaskContext,
): Promise<void> {
  const id = found.id ?? (manifest === null ? null : backupId(manifest));
  if (id === null) return;
  try {
    await appendRecord(found.shelf, id, record);
  } catch (error) {
    context.console.warn(
      `the result cannot be noted in ${found.shelf}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function show(text: string, { console, json }: TaskContext, good: boolean): void {
  if (json) return;
  if (!console.quiet || !good) console.result(markTitles(`${text}\n`, console.resultPaint));
}

function document(found: Found, report: VerifyReport, drill: DrillReport | null): unknown {
  const { manifest, ...rest } = report;
  return {
    version: 1,
    command: "verify",
    backup: {
      folder: found.folder,
      id: found.id,
      environment: manifest?.environment ?? null,
      startedAt: manifest?.startedAt ?? null,
    },
    verify: rest,
    drill,
    errors: [],
  };
}
