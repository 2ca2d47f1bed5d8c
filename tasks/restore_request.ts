import { PgstrataError } from "../lib/base/mod.ts";
import type { RestoreOptions } from "../lib/restore/mod.ts";
import type { BackupRequest } from "./backup_request.ts";
import type { Invocation } from "./command.ts";
import type { RESTORE_OPTIONS } from "./commands/restore.ts";

/** A `restore` command line, understood; the backup's folder and the target are found by others. */
export interface RestoreRequest {
  /** As it was given: a folder, `latest`, `latest:ENV`. */
  readonly backup: string;
  readonly source: BackupRequest["source"];
  readonly options: Omit<RestoreOptions, "folder" | "target">;
  readonly allowProduction: boolean;
  /** The database that may be changed; undefined: ask. */
  readonly yes: string | undefined;
}

/**
 * Understands the arguments of `restore`.
 *
 * @throws {PgstrataError} code `usage` when they contradict each other
 */
export function restoreRequest({ positionals, options }: Invocation<typeof RESTORE_OPTIONS>): RestoreRequest {
  const contradictions: readonly [boolean, string][] = [
    [options["schema-only"] && options["data-only"], "--schema-only and --data-only leave nothing"],
    [options.owner && options["no-owner"], "--owner and --no-owner contradict each other"],
    [options.to !== undefined && options["to-env"] !== undefined, "--to and --to-env name two databases"],
  ];
  for (const [wrong, state] of contradictions) if (wrong) throw usage(state, "Give one of them.");
  return {
    backup: positionals[0] ?? "",
    source: sourceOf(options.to, options["to-env"]),
    allowProduction: options["allow-prod"],
    yes: options.yes,
    options: {
      schemas: options.schema,
      tables: options.table,
      content: options["schema-only"] ? "schema-only" : options["data-only"] ? "data-only" : "all",
      tier: options.tier ?? null,
      clean: options.clean,
      createDatabase: options["create-db"],
      intoSchema: options["into-schema"] ?? null,
      inPlace: options["in-place"],
      jobs: options.jobs ?? null,
      owners: options.owner ? true : options["no-owner"] ? false : null,
      privileges: options.privileges,
      roles: options.roles,
      compare: options.compare,
      safetyBackup: options["safety-backup"],
      force: options.force,
      cron: options.cron,
      lockTimeout: options["lock-wait-timeout"],
    },
  };
}

function sourceOf(to: string | undefined, variable: string | undefined): BackupRequest["source"] {
  if (variable !== undefined) return { from: "variable", variable };
  if (to === undefined) {
    throw usage("--to is missing", "Say where to: --to staging, --to postgresql://…, or --to-env NAME.");
  }
  if (to === "-") return { from: "stdin" };
  if (to === "both" || to === "all") throw usage(`--to ${to} names several databases`, "Restore into one at a time.");
  const isConnectionString = /^postgres(?:ql)?:\/\/|=/.test(to);
  return isConnectionString ? { from: "url", url: to } : { from: "environment", name: to };
}

function usage(state: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot run restore: ${state}`, { code: "usage", hint });
}
