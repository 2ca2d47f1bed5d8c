import { PgstrataError } from "../lib/base/mod.ts";
import type { BackupOptions } from "../lib/backup/mod.ts";
import { checkLabel, type Config } from "../lib/catalog/mod.ts";
import type { Invocation } from "./command.ts";
import type { BACKUP_OPTIONS } from "./commands/backup.ts";
import { parseCompression } from "./compression.ts";
import { isNearMiss } from "./near_miss.ts";

/** Everything of {@linkcode BackupOptions} that does not depend on the target. */
export type SharedBackupOptions = Omit<BackupOptions, "target">;

/** Where the connection string comes from. */
export type BackupSource =
  | { readonly from: "environment"; readonly name: string | undefined }
  | { readonly from: "url"; readonly url: string }
  | { readonly from: "stdin" }
  | { readonly from: "variable"; readonly variable: string };

/** A `backup` command line, understood. */
export interface BackupRequest {
  readonly source: BackupSource;
  /** Name of the environment for a source that has none: `url` unless the user gave one. */
  readonly environment: string;
  readonly shared: SharedBackupOptions;
  /** Encrypt every file. */
  readonly encrypt: boolean;
  /** Copy it to every configured storage afterwards. */
  readonly push: boolean;
  /** Leave out the copies of tables that `snapshot` made. */
  readonly withoutSnapshots: boolean;
  readonly restoreHint: boolean;
  /** Whether too little room refuses the backup. */
  readonly roomCheck: boolean;
  /** Whether old backups go by rule afterwards. */
  readonly prune: boolean;
  /** What was understood, but is probably not what was meant. */
  readonly warnings: readonly string[];
}

/** What decides the meaning of the arguments besides themselves. */
export interface BackupRequestContext {
  readonly isEnvironment: (word: string) => boolean;
  /** Names of environments, to notice a mistyped one. */
  readonly environments: readonly string[];
  readonly shelf: string;
  /** What `pgstrata.json` says about what is backed up. */
  readonly config: Pick<Config, "excludedSchemas" | "expectedOmissions">;
}

/**
 * Understands the arguments of `backup`. The first is the environment if it is one, else the label;
 * `--env` and `--label` always work.
 *
 * @throws {PgstrataError} code `usage` when they contradict each other.
 */
export function backupRequest(
  { positionals, options }: Invocation<typeof BACKUP_OPTIONS>,
  context: BackupRequestContext,
): BackupRequest {
  const { environment, label } = readPositionals(positionals, options, context.isEnvironment);
  if (label !== null) checkLabel(label);
  const sources: BackupSource[] = [];
  if (options.url !== undefined) {
    sources.push(options.url === "-" ? { from: "stdin" } : { from: "url", url: options.url });
  }
  if (options["url-env"] !== undefined) sources.push({ from: "variable", variable: options["url-env"] });
  if (sources.length > 1) throw wrong("--url and --url-env name two databases", "Give one of them.");
  const source = sources[0] ?? { from: "environment", name: environment };
  if (source.from !== "environment" && (environment === "both" || environment === "all")) {
    throw wrong(`${environment} cannot stand beside a connection string`, "Name one environment, or none.");
  }
  if (options["schema-only"] && options["data-only"]) {
    throw wrong("--schema-only and --data-only leave nothing", "Give one of them, or none for both.");
  }
  if (options.encrypt && options.dedup) {
    throw wrong("--dedup finds nothing beside --encrypt", "Encrypted files never equal each other: give one of them.");
  }
  return {
    source,
    environment: environment ?? "url",
    restoreHint: options["restore-hint"],
    roomCheck: options["room-check"],
    prune: options.prune,
    encrypt: options.encrypt,
    push: options.push,
    withoutSnapshots: options["without-snapshots"],
    warnings: options.label === undefined && options.env === undefined
      ? labelWarnings(label, context.environments)
      : [],
    shared: {
      label,
      shelf: context.shelf,
      layout: options.layout,
      severalEnvironments: environment === "both" || environment === "all",
      tiers: options.tiers,
      engine: options.engine,
      jobs: options.jobs ?? null,
      maxConnections: options["max-connections"] ?? null,
      compression: options.compress === undefined ? null : parseCompression(options.compress),
      selection: {
        schemas: options.schema,
        excludeSchemas: [...new Set([...context.config.excludedSchemas, ...options["exclude-schema"]])],
        tables: options.table,
        excludeTables: options["exclude-table"],
        excludeTableData: options["exclude-table-data"],
      },
      content: options["schema-only"] ? "schema-only" : options["data-only"] ? "data-only" : "all",
      privileges: options.privileges,
      blobs: options.blobs,
      skipUnreadable: options["skip-unreadable"],
      lockWaitTimeout: options["lock-wait-timeout"],
      expectedOmissions: context.config.expectedOmissions,
      dedup: options.dedup,
      ...givenOrigin(options),
    },
  };
}

/** What the ci layout's names say instead of the variables of GitHub Actions. */
function givenOrigin(options: Invocation<typeof BACKUP_OPTIONS>["options"]): Pick<BackupOptions, "origin"> {
  const origin = {
    ...options["ci-repository"] === undefined ? {} : { repository: options["ci-repository"] },
    ...options["ci-event"] === undefined ? {} : { event: options["ci-event"] },
    ...options["ci-sha"] === undefined ? {} : { sha: options["ci-sha"] },
  };
  if (Object.keys(origin).length === 0) return {};
  if (options.layout === "ci") return { origin };
  throw wrong("--ci-repository, --ci-event and --ci-sha are names of the ci layout", "Add --layout ci.");
}

interface NameOptions {
  readonly env: string | undefined;
  readonly label: string | undefined;
}

function readPositionals(
  positionals: readonly string[],
  { env, label }: NameOptions,
  isEnvironment: (word: string) => boolean,
): { readonly environment: string | undefined; readonly label: string | null } {
  const words = [...positionals];
  let environment = env;
  const [first] = words;
  if (environment === undefined && first !== undefined && (isEnvironment(first) || words.length > 1)) {
    if (!isEnvironment(first)) {
      throw wrong(
        `"${first}" is not an environment`,
        `Set DATABASE_URL_${first.toUpperCase().replaceAll(/\W/g, "_")}, or name one of those that exist: ` +
          "pgstrata backup [environment] [label].",
      );
    }
    environment = words.shift();
  }
  if (words.length > 1) throw wrong(`"${words[1]}" is one argument too many beside --env`, "Give one label.");
  const [word] = words;
  if (word !== undefined && label !== undefined) {
    throw wrong(`the label is given twice, "${word}" and "${label}"`, "Give it once.");
  }
  return { environment, label: word ?? label ?? null };
}

/** A mistyped environment is a label by the rule: the wrong database would be backed up without a word. */
function labelWarnings(label: string | null, environments: readonly string[]): string[] {
  const meant = label === null ? undefined : environments.find((name) => isNearMiss(label.toLowerCase(), name));
  return meant === undefined
    ? []
    : [`"${label}" is taken for the label. If you meant ${meant}, stop this and run it again`];
}

function wrong(state: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot run backup: ${state}`, { code: "usage", hint });
}
