import { toPgstrataError } from "../base/mod.ts";
import type { Config, Shelf } from "../catalog/mod.ts";
import type { Target } from "../connection/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { certificateCheck } from "./certificate_check.ts";
import { type Check, problemOf } from "./check.ts";
import { gssapiCheck } from "./client_checks.ts";
import { databaseChecks } from "./database_checks.ts";
import { historyChecks } from "./history_checks.ts";
import { logIn } from "./login_check.ts";
import { type NetworkDeps, wayTo } from "./network_checks.ts";
import { backupsOf } from "./shelf_checks.ts";
import { targetChecks } from "./target_checks.ts";

/** What an environment is examined with. */
export interface ExamineOptions {
  readonly target: Target;
  readonly tools: readonly ToolSet[];
  /** Folder of the backups. */
  readonly folder: string;
  /** Null when it cannot be read. */
  readonly shelf: Shelf | null;
  readonly config: Config;
  readonly now: Date;
  readonly jobs: number;
  readonly maxAge: number | null;
  /** Seconds from which a transaction is long; default 300. */
  readonly longTransaction?: number;
}

/** What can be said of one environment. */
export interface Examination {
  readonly environment: string;
  readonly checks: readonly Check[];
  /** Layers that were not looked at, because one before them failed. */
  readonly skipped: readonly string[];
}

const INSIDE = [
  "client_version",
  "privileges",
  "extensions",
  "connections",
  "long_transactions",
  "locks",
  "size",
  "disk",
];

/**
 * Looks at everything a backup of an environment needs, layer by layer: each that fails explains itself, and what
 * stands on it is named as skipped. The shelf is looked at in any case.
 */
export async function examine(options: ExamineOptions, deps: NetworkDeps): Promise<Examination> {
  const { target, tools, shelf, config, now } = options;
  const checks: Check[] = [...targetChecks(target), ...gssapiCheck(tools, target)];
  const skipped = await contact(options, deps, checks);
  if (shelf !== null) {
    const { environment } = target;
    checks.push(...historyChecks(shelf, { environment, now, maxAge: options.maxAge, policy: config.retention }));
  }
  return { environment: target.environment, checks, skipped };
}

/** Goes as far as it can; gives what it did not come to. */
async function contact(options: ExamineOptions, deps: NetworkDeps, checks: Check[]): Promise<readonly string[]> {
  const { target, tools, shelf, now, jobs } = options;
  const way = await wayTo(target, deps);
  checks.push(...way.checks);
  if (way.pinned === null) return ["certificate", "login", ...INSIDE];
  checks.push(...await certificateCheck(way.pinned, now));
  const isRefused = checks.some(({ name, state }) => name === "port" && state === "problem");
  // A transaction pooler gives no session whose answers would mean anything.
  if (isRefused) return ["login", ...INSIDE];
  const { session, checks: loggedIn } = await logIn(way.pinned, deps.signal);
  checks.push(...loggedIn);
  if (session === null) return INSIDE;
  try {
    const complete = shelf === null
      ? []
      : backupsOf(shelf, target.environment).filter(({ summary }) => summary.status === "complete");
    const { longTransaction } = options;
    checks.push(
      ...await databaseChecks(session, {
        tools,
        jobs,
        shelf: options.folder,
        last: complete[0]?.summary ?? null,
        ...(longTransaction === undefined ? {} : { longTransaction }),
      }),
    );
    return [];
  } catch (thrown) {
    deps.signal?.throwIfAborted();
    checks.push(problemOf("session", toPgstrataError(thrown)));
    return [];
  } finally {
    await session.close();
  }
}
