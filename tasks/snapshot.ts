import { PgstrataError } from "../lib/base/mod.ts";
import {
  loadEnvironment,
  maskedTarget,
  openSession,
  pinTarget,
  refuseUnusable,
  type Session,
  type Target,
} from "../lib/connection/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import { backupTargets } from "./backup_targets.ts";
import type { BackupSource } from "./backup_request.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { TARGET_OPTIONS } from "./commands/snapshot.ts";

/** A snapshot command at work. */
export interface SnapshotWork {
  readonly session: Session;
  readonly target: Target;
  /** The environment with `.env` merged in. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Connects to the one database that the options name, does the work, and closes. */
export async function withDatabase(
  { options }: Pick<Invocation<typeof TARGET_OPTIONS>, "options">,
  context: TaskContext,
  work: (work: SnapshotWork) => Promise<number>,
): Promise<number> {
  const { console } = context;
  const { env, warnings } = await loadEnvironment(context.cwd, context.env);
  const request = { source: sourceOf(options), environment: options.env ?? "url" };
  const found = await backupTargets(request, env, () => new Response(Deno.stdin.readable).text());
  for (const warning of [...warnings, ...found.warnings]) console.warn(warning);
  const [target, ...more] = found.targets;
  if (target === undefined || more.length > 0) throw usage("several databases are named", "Name one environment.");
  console.hide([target.password, target.sslpassword].filter((secret) => secret !== undefined));
  refuseUnusable(target);
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const onRetry = (message: string) => console.warn(message);
  const pinned = await pinTarget(target, { signal, onRetry });
  await using session = await openSession(pinned, {
    signal,
    onRetry,
    applicationName: "pgstrata snapshot",
    onNotice: (message) =>
      /^(NOTICE|WARNING)/.test(message) ? console.note(message.toLowerCase().replace(/^(\w+)/, "$1")) : undefined,
  });
  return await work({ session, target, env, signal });
}

/** What stands at the head of every JSON document of a snapshot command. */
export function documentHead(command: string, target: Target): Record<string, unknown> {
  return { version: 1, command: `snapshot ${command}`, environment: target.environment, database: target.database };
}

/**
 * Whether `--yes` names the database.
 *
 * @throws {PgstrataError} code `refused` when it names another one
 */
export function confirmed(yes: string | undefined, target: Target): boolean {
  if (yes === undefined) return false;
  if (yes === target.database) return true;
  throw new PgstrataError(`Cannot go on: --yes names "${yes}", the database is "${target.database}"`, {
    code: "refused",
    context: { target: maskedTarget(target) },
    hint: "Check the environment. Nothing was changed.",
  });
}

/** Wrong arguments of a snapshot command. */
export function usage(state: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot run snapshot: ${state}`, { code: "usage", hint });
}

function sourceOf(options: Invocation<typeof TARGET_OPTIONS>["options"]): BackupSource {
  const { url, "url-env": variable } = options;
  if (url !== undefined && variable !== undefined) {
    throw usage("--url and --url-env name two databases", "Give one of them.");
  }
  if (url !== undefined) return url === "-" ? { from: "stdin" } : { from: "url", url };
  return variable === undefined ? { from: "environment", name: options.env } : { from: "variable", variable };
}
