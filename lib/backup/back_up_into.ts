import { createHash } from "node:crypto";
import { isNoRoom, noRoomError } from "../base/mod.ts";
import {
  CHECKSUMS_FILE,
  checksumsText,
  type ClaimedFolder,
  LAYOUTS,
  type Manifest,
  MANIFEST_FILE,
  manifestText,
  ROOT_FILES,
  sealFolder,
  summarize,
} from "../catalog/mod.ts";
import { UnsealedEncryption } from "../crypt/mod.ts";
import { BackupFolder } from "./backup_folder.ts";
import { buildManifest } from "./build_manifest.ts";
import { type DedupOutcome, shareFiles } from "./dedup.ts";
import type { BackupDeps, BackupOptions } from "./options.ts";
import { openReading } from "./open_reading.ts";
import { findOmissions } from "./omissions.ts";
import { readDatabase } from "./read_database.ts";
import { readInventory } from "./read_inventory.ts";
import { writeInventoryFiles, writeRoles } from "./root_files.ts";

/** Reads the database into the claimed folder and seals it. */
export async function backUpInto(
  claimed: ClaimedFolder,
  options: BackupOptions,
  given: BackupDeps,
  startedAt: Date,
): Promise<Manifest> {
  await using encryption = await openEncryption(claimed.partial, options, given);
  const deps = encryption === null ? given : { ...given, signal: AbortSignal.any([given.signal, encryption.failure]) };
  const folder = new BackupFolder(claimed.partial, LAYOUTS[options.layout], claimed.time, encryption);
  const timer = new PhaseTimer(deps);
  try {
    const manifest = await readInto(folder, options, deps, timer, startedAt);
    timer.begin("seal");
    const shared = options.dedup ? await share(folder, options, deps) : NOTHING_SHARED;
    const warnings = shared.warning === null ? manifest.warnings : [...manifest.warnings, shared.warning];
    return await seal(
      folder,
      claimed,
      { ...manifest, warnings, files: folder.files },
      deps,
      timer,
      shared.linked,
      encryption,
    );
  } catch (thrown) {
    // What it aborted may say no more than that it was aborted.
    const error: unknown = encryption?.failure.aborted === true ? encryption.failure.reason : thrown;
    if (isNoRoom(error)) throw noRoomError("Cannot write the backup: no space left", error);
    throw error;
  } finally {
    await folder.settle();
  }
}

async function openEncryption(
  folder: string,
  { encryption }: BackupOptions,
  { env, signal }: BackupDeps,
): Promise<UnsealedEncryption | null> {
  if (encryption === undefined) return null;
  const gpgHome = env["GNUPGHOME"] ?? "";
  return await UnsealedEncryption.open(folder, encryption, { signal, ...gpgHome === "" ? {} : { gpgHome } });
}

/** Everything that needs the server. The connection is given back when it is done. */
async function readInto(
  folder: BackupFolder,
  options: BackupOptions,
  deps: BackupDeps,
  timer: PhaseTimer,
  startedAt: Date,
): Promise<Omit<Manifest, "durations" | "finishedAt">> {
  timer.begin("connect");
  await using reading = await openReading(folder, options, deps, timer);
  const { plan } = reading;
  timer.begin("read");
  // The session's queries and pg_dump run side by side; if one fails the other is stopped.
  const data = readDatabase(plan, timer);
  const inventory = readInventory(plan, reading.globals, data);
  inventory.catch((error) => reading.stop(error));
  const outcome = await data;
  const { extensions, views, privileges, objects, roles, omissions } = await inventory;
  await writeInventoryFiles(plan, extensions, views);
  await writeRoles(folder, roles);
  const all = [...omissions, ...findOmissions(plan, outcome, objects)];
  return buildManifest(plan, { ...outcome, files: folder.files }, {
    snapshot: reading.snapshot,
    startedAt,
    finishedAt: startedAt,
    extensions,
    views,
    privileges,
    omissions: all,
    warnings: reading.warnings,
    durations: {},
  });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const NOTHING_SHARED: Pick<DedupOutcome, "linked" | "warning"> = { linked: new Set(), warning: null };

/** Makes links of files that the backup before holds too; the folder's list then has their hashes. */
async function share(folder: BackupFolder, options: BackupOptions, deps: BackupDeps): Promise<DedupOutcome> {
  const { environment } = options.target;
  const { shelf } = options;
  const shared = await shareFiles({
    folder: folder.path,
    files: folder.files,
    shelf,
    environment,
    signal: deps.signal,
  });
  for (const file of shared.files) folder.add(file);
  if (shared.warning === null) deps.onEvent({ type: "notice", message: shared.notice });
  else deps.onEvent({ type: "warning", message: shared.warning });
  return shared;
}

/**
 * DECISIONS 13: data, summary.txt, manifest.json, SHA256SUMS, sync, rename.
 *
 * @param synced files that are links to those of a sealed backup
 * @param encryption has every file; manifest and checksums never stand on disk in plain
 */
async function seal(
  folder: BackupFolder,
  claimed: ClaimedFolder,
  read: Omit<Manifest, "durations" | "finishedAt">,
  deps: BackupDeps,
  timer: PhaseTimer,
  synced: ReadonlySet<string>,
  encryption: UnsealedEncryption | null,
): Promise<Manifest> {
  // The time it took is written down below: what is still being encrypted belongs to it.
  if (encryption !== null) {
    await encryption.settle();
    timer.write();
  }
  const draft = { ...read, finishedAt: deps.clock.now().toISOString(), durations: timer.durations };
  await folder.write(ROOT_FILES.summary, "root", deps.renderSummary(draft));
  const manifest: Manifest = { ...draft, files: folder.files };
  const text = manifestText(manifest);
  const sums = folder.files.map(({ path, sha256 }) => ({ path, sha256 }));
  const checksums = checksumsText([...sums, { path: MANIFEST_FILE, sha256: sha256(text) }]);
  if (encryption === null) {
    await folder.write(MANIFEST_FILE, "root", text);
    await folder.write(CHECKSUMS_FILE, "root", checksums);
  } else {
    await encryption.finish({ manifest: text, checksums, summary: summarize(manifest) });
  }
  deps.signal.throwIfAborted();
  await sealFolder(claimed.partial, claimed.final, new Set([...synced, ...await folder.synced()]));
  return manifest;
}

/** Measures the phases, each until the next begins. */
export class PhaseTimer {
  readonly #begun: number;
  readonly #durations: Record<string, number> = {};
  #phase: { readonly name: string; readonly since: number } | null = null;

  constructor(private readonly deps: BackupDeps) {
    this.#begun = deps.clock.monotonic();
  }

  begin(phase: "connect" | "lock" | "read" | "frame" | "seal"): void {
    this.#close();
    this.#phase = { name: phase, since: this.deps.clock.monotonic() };
    this.deps.onEvent({ type: "phase", phase });
  }

  /** Writes down the phase that runs, which goes on: its time so far is among the durations. */
  write(): void {
    if (this.#phase === null) return;
    const { name } = this.#phase;
    this.#close();
    this.#phase = { name, since: this.deps.clock.monotonic() };
  }

  /** Milliseconds by phase that has ended, and `total`. */
  get durations(): Record<string, number> {
    return { ...this.#durations, total: Math.round(this.deps.clock.monotonic() - this.#begun) };
  }

  #close(): void {
    if (this.#phase === null) return;
    const { name, since } = this.#phase;
    this.#durations[name] = (this.#durations[name] ?? 0) + Math.round(this.deps.clock.monotonic() - since);
    this.#phase = null;
  }
}
