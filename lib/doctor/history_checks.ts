import { durationText, parseDuration } from "../base/mod.ts";
import {
  isSameEnvironment,
  planRetention,
  retentionHistory,
  type RetentionPolicy,
  type Shelf,
} from "../catalog/mod.ts";
import { type Check, ok, problem, warning } from "./check.ts";
import { backupsOf } from "./shelf_checks.ts";

/** A day and a little: what a daily backup may be old. */
const FRESH = parseDuration("26h");

/** From this age on something must be wrong, whatever the rhythm is. */
const STALE = parseDuration("8d");

/** A quarter and a little. */
const DRILL = parseDuration("100d");

/** What the history is judged by. */
export interface HistoryOptions {
  readonly environment: string;
  readonly now: Date;
  /** Milliseconds the newest backup may be old; without it a day warns and eight are a problem. */
  readonly maxAge: number | null;
  readonly policy: RetentionPolicy;
}

/** Age and state of the newest backup, the last drill, and whether retention works. */
export function historyChecks(shelf: Shelf, options: HistoryOptions): Check[] {
  const backups = backupsOf(shelf, options.environment);
  const [newest] = backups;
  const { environment } = options;
  if (newest === undefined) {
    return [
      warning("last_backup", `there is no backup of ${environment} yet`, `pgstrata backup ${environment}`),
      ...failureCheck(shelf, options, null),
    ];
  }
  return [
    ageCheck(newest.time, options),
    stateCheck(newest, environment),
    ...failureCheck(shelf, options, newest.time),
    verifiedCheck(backups, environment),
    drillCheck(backups, options),
    retentionCheck(shelf, options),
  ];
}

type Backup = ReturnType<typeof backupsOf>[number];

function ageCheck(time: Date, { environment, now, maxAge }: HistoryOptions): Check {
  const age = now.getTime() - time.getTime();
  const message = `the newest backup of ${environment} is ${durationText(Math.max(0, age))} old`;
  const fix = `pgstrata backup ${environment}   # and see that it runs by itself: pgstrata schedule ${environment}`;
  if (age > (maxAge ?? STALE)) return problem("last_backup", message, fix);
  return age > (maxAge ?? FRESH) ? warning("last_backup", message, fix) : ok("last_backup", message);
}

function stateCheck({ path, summary, marks }: Backup, environment: string): Check {
  const again = `pgstrata backup ${environment}`;
  if (marks.damaged !== null) {
    return problem("last_backup_state", `${path} was found damaged on ${day(marks.damaged.at)}`, again);
  }
  if (summary.status === "incomplete") {
    return problem(
      "last_backup_state",
      `${path} is incomplete: ${summary.lost} objects are missing`,
      `cat ${path}/summary.txt`,
    );
  }
  return ok("last_backup_state", `${path} is complete: ${summary.tables} tables, ${summary.rows} rows`);
}

function failureCheck(shelf: Shelf, { environment }: HistoryOptions, since: Date | null): Check[] {
  const failures = shelf.failedRuns.filter((run) =>
    isSameEnvironment(run.environment, environment) && (since === null || new Date(run.startedAt) > since)
  );
  const last = failures.at(-1);
  if (last === undefined) return [];
  const message = `the last ${failures.length === 1 ? "run" : `${failures.length} runs`} of ${environment} failed`;
  return [problem("failed_runs", message, `pgstrata backup ${environment}`, [`${last.at}: ${last.reason}`])];
}

function verifiedCheck(backups: readonly Backup[], environment: string): Check {
  const newest = backups.find(({ marks }) => marks.verified !== null);
  return newest?.marks.verified
    ? ok("verified", `${newest.path} was read back on ${day(newest.marks.verified.at)}`)
    : warning("verified", `no backup of ${environment} was read back yet`, `pgstrata verify latest:${environment}`);
}

function drillCheck(backups: readonly Backup[], { environment, now }: HistoryOptions): Check {
  const times = backups.flatMap(({ marks }) => marks.drilled === null ? [] : [marks.drilled]).toSorted((a, b) =>
    a.at < b.at ? 1 : -1
  );
  const [last] = times;
  const fix = `pgstrata verify latest:${environment} --drill`;
  if (last === undefined) {
    return warning("drill", `no backup of ${environment} was ever restored: nobody knows that one can be`, fix);
  }
  const age = now.getTime() - new Date(last.at).getTime();
  const message = `the last good drill was on ${day(last.at)}, ${Math.floor(last.coverage * 100)}% came back`;
  return age > DRILL ? warning("drill", `${message}: more than a quarter ago`, fix) : ok("drill", message);
}

function retentionCheck(shelf: Shelf, { environment, policy, now }: HistoryOptions): Check {
  const plan = planRetention(retentionHistory(shelf), policy, now);
  const refusal = plan.refusals.find((each) => isSameEnvironment(each.environment, environment));
  if (refusal !== undefined) {
    // Another backup of the same would hold as little.
    const fix = refusal.cause === "empty" || refusal.cause === "shrunken"
      ? `pgstrata show latest:${environment}   # is it the right database, with all that should be there?`
      : `pgstrata backup ${environment}`;
    return problem("retention", `nothing of ${environment} is removed: ${refusal.reason}`, fix);
  }
  if (plan.overCap) {
    return warning("retention", "the shelf is larger than maxSize, and what is left is protected", "pgstrata prune");
  }
  const due = plan.decisions.filter(({ action }) => action === "remove").length;
  const review =
    plan.decisions.filter((each) => each.action === "review" || (each.action === "keep" && each.reviewDue)).length;
  if (review > 0) return warning("retention", `${review} backups are due for review`, "pgstrata prune");
  return ok(
    "retention",
    due === 0 ? "nothing is due for removal" : `${due} backups are due for removal: pgstrata prune --apply`,
  );
}

function day(iso: string): string {
  return iso.slice(0, 10);
}
