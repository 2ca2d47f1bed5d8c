import { PgstrataError } from "../base/mod.ts";
import { openSession, pinTarget, type Target, toolEnvironment } from "../connection/mod.ts";
import { chooseToolSet, findToolSets, type ToolSet } from "../postgres/mod.ts";
import { TempFolder } from "../system/mod.ts";
import { applyRoles } from "./apply_roles.ts";
import { compareWithBackup } from "./compare_with_backup.ts";
import { describeBackup } from "./describe_backup.ts";
import type { DrillDeps, DrillNote, DrillOptions, DrillReport, DrillTier, TierDrill } from "./drill.ts";
import { DrillServer, rolesScript } from "./drill_server.ts";
import { entryName } from "./entry_name.ts";
import { sortErrors } from "./extension_errors.ts";
import { findUnavailable } from "./missing_extensions.ts";
import { refuseNonEmpty } from "./refuse_non_empty.ts";
import { restoreDatabaseProperties, restoreTier } from "./restore_tier.ts";

/**
 * Proves a backup by restoring it: into a disposable server of the source's version (or the next newer one installed),
 * or into an empty database, tier by tier, and compares everything with the backup. The server goes whatever happens.
 *
 * @throws {PgstrataError} code `tool` when no server is installed, `refused` when the database given is not empty
 */
export async function drillBackup(options: DrillOptions, deps: DrillDeps): Promise<DrillReport> {
  const begun = deps.clock.monotonic();
  const tiers: TierDrill[] = [];
  const warnings: string[] = [];
  await using stage = options.target === null
    ? await disposableStage(options, deps, warnings)
    : await givenStage(options.target, options, deps, warnings);
  for (const tier of options.tiers) tiers.push(await drillTier(tier, stage, options, deps));
  const states = new Set(tiers.map(({ state }) => state));
  return {
    state: states.has("different") ? "different" : states.has("partial") ? "partial" : "good",
    coverage: Math.min(1, ...tiers.map(({ coverage }) => coverage)),
    server: { version: stage.version, disposable: options.target === null },
    warnings,
    tiers,
    duration: Math.round(deps.clock.monotonic() - begun),
  };
}

/** Where tiers are restored. */
interface Stage extends AsyncDisposable {
  readonly version: string;
  /** The server that definitions are tried out on; null where it is not ours. */
  readonly server: DrillServer | null;
  /** Programs that read the backup's archives. */
  readonly tools: ToolSet;
  /** An empty database; says what about it is not as the source's. */
  readonly begin: () => Promise<{ readonly target: Target; readonly note: string | null }>;
  /** The database is not needed any more. */
  readonly end: () => Promise<void>;
}

async function disposableStage(options: DrillOptions, deps: DrillDeps, warnings: string[]): Promise<Stage> {
  const { folder, manifest } = options;
  deps.onEvent({ type: "phase", phase: "server", tier: null });
  const major = Math.floor(manifest.server.versionNumber / 10_000);
  const server = await DrillServer.start(folder, manifest, { env: deps.env, signal: deps.signal, major });
  try {
    if (server.warning !== null) warnings.push(server.warning);
    for (const problem of server.roles.problems) warnings.push(`roles.sql: ${problem}`);
    const { database } = manifest.server;
    const wanted = Math.max(server.tools.major, Number.parseInt(manifest.client.version));
    return {
      version: server.tools.version,
      server,
      tools: wanted === server.tools.major ? server.tools : await clientFor(wanted, deps.env),
      begin: async () => ({
        note: await server.createDatabase(database, manifest),
        target: server.target(database),
      }),
      end: () => server.dropDatabase(database),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function givenStage(
  target: Target,
  { folder, manifest, tiers }: DrillOptions,
  deps: DrillDeps,
  warnings: string[],
): Promise<Stage> {
  if (tiers.length !== 1) {
    throw new PgstrataError("Cannot drill several tiers into one database: the second would find it full", {
      code: "usage",
      hint: "Name one tier with --tier, or leave --to out: each tier then gets a database of its own.",
    });
  }
  await using session = await openSession(await pinTarget(target, { signal: deps.signal }), { signal: deps.signal });
  await refuseNonEmpty(session, target);
  const script = await rolesScript(folder, manifest);
  const { problems } = await applyRoles(session, script, { onlyMissing: true });
  for (const problem of problems) warnings.push(`roles.sql: ${problem}`);
  const wanted = Math.max(session.serverMajor, Number.parseInt(manifest.client.version));
  return {
    version: session.serverVersion,
    server: null,
    tools: await clientFor(wanted, deps.env),
    begin: () => Promise.resolve({ target, note: null }),
    end: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function clientFor(major: number, env: Readonly<Record<string, string>>): Promise<ToolSet> {
  return chooseToolSet(await findToolSets({ env, need: ["pg_dump", "pg_restore"] }), major, "client").tools;
}

async function drillTier(tier: DrillTier, stage: Stage, options: DrillOptions, deps: DrillDeps): Promise<TierDrill> {
  const { folder, manifest } = options;
  const { clock, env, signal, onEvent } = deps;
  onEvent({ type: "phase", phase: "restore", tier });
  const begun = clock.monotonic();
  const { target, note } = await stage.begin();
  try {
    await using temp = await TempFolder.create();
    const pinned = await pinTarget(target, { signal });
    const environment = await toolEnvironment(pinned, temp.path);
    const backup = await describeBackup(folder, manifest, { tools: stage.tools, signal });
    await using session = await openSession(pinned, { signal });
    const unavailable = await findUnavailable(session, manifest.extensions, backup.toc);
    let objects = 0;
    const total = backup.toc?.entries.length ?? 0;
    const outcome = await restoreTier(tier, {
      folder,
      manifest,
      toc: backup.toc,
      archive: backup.archive,
      tools: stage.tools,
      environment,
      target: pinned,
      jobs: options.jobs ?? Math.max(2, Math.min(navigator.hardwareConcurrency, 8)),
      skipped: unavailable.entries,
      unavailableExtensions: unavailable.extensions,
      signal,
      onObject: () => onEvent({ type: "restored", objects: Math.min(total, ++objects), total }),
    });
    const properties = stage.server !== null && backup.toc !== null;
    if (properties && backup.toc !== null) outcome.errors.push(...await restoreDatabaseProperties(session, backup.toc));
    const sorted = sortErrors(outcome.errors, backup.toc, unavailable.absent);
    const skipped = new Map([...outcome.skipped, ...sorted.entries]);
    await deps.onRestored?.(target, tier);
    const restored = clock.monotonic();
    onEvent({ type: "phase", phase: "compare", tier });
    const comparison = await compareWithBackup(target, folder, manifest, {
      env,
      signal,
      databaseProperties: properties,
      skipped,
      skippedExtensions: unavailable.extensions,
      copiedTables: tier === "table",
      onProgress: (bytes) => onEvent({ type: "compared", bytes }),
    }, { server: stage.server, localeNote: note, skippedTables: sorted.tables });
    return tierDrill(tier, comparison, {
      errors: sorted.errors.map(({ object, message }) => ({ object, message })),
      leftOut: leftOutNotes(skipped, backup.toc?.entries ?? [], unavailable.extensions, note),
      coverage: coverageOf(skipped.size, backup.toc?.entries.length ?? 0),
      durations: {
        restore: Math.round(restored - begun),
        compare: Math.round(clock.monotonic() - restored),
      },
    });
  } finally {
    await stage.end();
  }
}

function tierDrill(
  tier: DrillTier,
  comparison: TierDrill["comparison"],
  parts: Pick<TierDrill, "errors" | "leftOut" | "coverage" | "durations">,
): TierDrill {
  const isEqual = comparison.equal && parts.errors.length === 0;
  return { tier, state: !isEqual ? "different" : parts.leftOut.length > 0 ? "partial" : "good", comparison, ...parts };
}

function leftOutNotes(
  skipped: ReadonlyMap<number, string>,
  entries: NonNullable<Awaited<ReturnType<typeof describeBackup>>["toc"]>["entries"],
  extensions: ReadonlyMap<string, string>,
  note: string | null,
): DrillNote[] {
  const ofEntries = entries.flatMap((entry) => {
    const message = skipped.get(entry.dumpId);
    return message === undefined ? [] : [{ object: entryName(entry), message }];
  });
  const versions = [...extensions].filter(([, reason]) => reason.startsWith("version "))
    .map(([name, message]) => ({ object: `EXTENSION ${name}`, message }));
  return [...(note === null ? [] : [{ object: "DATABASE", message: note }]), ...versions, ...ofEntries];
}

function coverageOf(skipped: number, all: number): number {
  return all === 0 ? 1 : (all - skipped) / all;
}
