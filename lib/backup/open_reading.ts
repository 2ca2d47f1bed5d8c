import {
  chooseJobs,
  type ExportedSnapshot,
  openSession,
  openSnapshot,
  pinTarget,
  readSlots,
  type Session,
  type Snapshot,
  toolEnvironment,
} from "../connection/mod.ts";
import {
  countUnreadableLargeObjects,
  dumpEnvironment,
  readLargeObjectUse,
  readRelations,
  readSchemas,
  readServerFacts,
  type Relation,
} from "../inventory/mod.ts";
import { chooseToolSet, findToolSets } from "../postgres/mod.ts";
import { TempFolder } from "../system/mod.ts";
import type { BackupFolder } from "./backup_folder.ts";
import type { PhaseTimer } from "./back_up_into.ts";
import { chooseCompression } from "./choose_compression.ts";
import type { BackupDeps, BackupOptions, LeftOut } from "./options.ts";
import type { ReadPlan } from "./read_plan.ts";
import { refuseUnreadable, unreadableRelations } from "./readability.ts";

/** Connections of ours besides pg_dump's that are still to be opened: pg_dumpall's. */
const EXTRA_CONNECTIONS = 1;

/** An open database with its snapshot, ready to be read. Disposing gives everything back. */
export interface Reading extends AsyncDisposable {
  readonly plan: ReadPlan;
  readonly snapshot: ExportedSnapshot;
  readonly warnings: readonly string[];
  /** How roles are to be read. */
  readonly globals: { readonly passwords: boolean };
  /** Stops whatever reads; it then rejects with the reason. */
  readonly stop: (reason: unknown) => void;
}

/** Connects, finds the tools, locks and takes the snapshot, and settles the plan. */
export async function openReading(
  folder: BackupFolder,
  given: BackupOptions,
  deps: BackupDeps,
  timer: PhaseTimer,
): Promise<Reading> {
  await using stack = new AsyncDisposableStack();
  const warnings: string[] = [];
  const warn = (message: string) => {
    warnings.push(message);
    deps.onEvent({ type: "warning", message });
  };
  const notice = (message: string) => deps.onEvent({ type: "notice", message });
  const target = await pinTarget(given.target, { signal: deps.signal });
  const session = stack.use(await openSession(target, { signal: deps.signal, onRetry: notice }));
  const leftOut = await deps.leaveOut?.(session) ?? null;
  if (leftOut !== null) warn(leftOut.notice);
  const options = leftOut === null ? given : without(given, leftOut);
  const found = await findToolSets({ env: deps.env, need: ["pg_dump", "pg_dumpall", "pg_restore"] });
  const choice = chooseToolSet(found, session.serverMajor, "client");
  if (choice.warning !== undefined) warn(choice.warning);
  const compression = await chooseCompression(choice.tools, options.compression, deps.signal);
  const server = await readServerFacts(session);
  const jobs = await settleJobs(options, session, warn);
  const before = await readRelations(session, options.selection, { withSizes: false });
  const unreadable = unreadableRelations(before);
  const hiddenObjects = options.content === "schema-only" ? 0 : await countUnreadableLargeObjects(session);
  if (!options.skipUnreadable) refuseUnreadable(unreadable, hiddenObjects, server.user);
  const tight = await deps.checkRoom?.(heapBytes(before, options), folder.path) ?? null;
  if (tight !== null) warn(tight);

  timer.begin("lock");
  const snapshot = stack.use(await lock(options, deps, session, notice));
  const relations = await readRelations(session, options.selection, { withSizes: true });
  const schemas = await readSchemas(session, options.selection);
  const largeObjects = await readLargeObjectUse(session);
  const connection = stack.use(await TempFolder.create({ parent: folder.path, prefix: ".connection-" }));
  const stopped = new AbortController();
  const plan: ReadPlan = {
    options,
    deps: { ...deps, signal: AbortSignal.any([deps.signal, snapshot.lost, stopped.signal]) },
    target,
    session,
    snapshot: snapshot.id,
    tools: choice.tools,
    environment: await dumpEnvironment(session, await toolEnvironment(target, connection.path), server.encoding),
    server,
    relations,
    schemas,
    unreadable: unreadableRelations(relations),
    withoutLargeObjects: hiddenObjects > 0,
    largeObjectSchemas: largeObjects.count > 0 ? largeObjects.schemas : new Set(),
    jobs,
    compression,
    folder,
    warn,
  };
  const owned = stack.move();
  return {
    plan,
    snapshot: { id: snapshot.id, walPosition: snapshot.walPosition, time: snapshot.time },
    warnings,
    globals: { passwords: server.superuser },
    stop: (reason) => stopped.abort(reason),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function without(options: BackupOptions, { schemas, tables }: LeftOut): BackupOptions {
  const { selection } = options;
  return {
    ...options,
    selection: {
      ...selection,
      excludeSchemas: [...selection.excludeSchemas, ...schemas],
      excludeTables: [...selection.excludeTables, ...tables],
    },
  };
}

/** Pages of what is read, of relations without sizes. */
function heapBytes(relations: readonly Relation[], { content }: BackupOptions): number {
  if (content === "schema-only") return 0;
  return relations.reduce((sum, { dataSelected, totalBytes }) => sum + (dataSelected ? totalBytes : 0), 0);
}

async function settleJobs(options: BackupOptions, session: Session, warn: (message: string) => void): Promise<number> {
  const wanted = options.jobs ?? Math.max(2, Math.min(navigator.hardwareConcurrency, 4));
  const { jobs, warning } = chooseJobs(wanted, await readSlots(session), {
    kind: options.target.kind,
    extra: EXTRA_CONNECTIONS,
    ...(options.maxConnections === null ? {} : { maxConnections: options.maxConnections }),
  });
  if (warning !== undefined) warn(warning);
  return jobs;
}

async function lock(
  options: BackupOptions,
  deps: BackupDeps,
  session: Session,
  onRetry: (message: string) => void,
): Promise<Snapshot> {
  const lockable = (relation: Relation) =>
    relation.selected && relation.readable && (relation.kind === "table" || relation.kind === "partitioned_table");
  return await openSnapshot(session, {
    listRelations: async () =>
      (await readRelations(session, options.selection, { withSizes: false })).filter(lockable)
        .map(({ oid, schema, name, kind }) => ({ oid, schema, name, kind: kind === "table" ? "r" : "p" })),
    lockTimeout: options.lockWaitTimeout,
    signal: deps.signal,
    onRetry,
  });
}
