import { join } from "@std/path";
import { messageOf, sizeText } from "../base/mod.ts";
import { type Manifest, type ManifestFile, SHARED_FILE_MODE } from "../catalog/mod.ts";
import { hashFile, removeTree } from "../system/mod.ts";
import { isSameArchive } from "./dedup_archive.ts";
import { findPrevious, type PreviousBackup } from "./previous_backup.ts";

/** What of a new backup became hard links. */
export interface DedupOutcome {
  /** The new backup's files, as they are now: an archive that became a link has the hash of the older one. */
  readonly files: readonly ManifestFile[];
  /** Paths that are links, and so as durable as the originals. */
  readonly linked: ReadonlySet<string>;
  /** For people: what is shared, or why nothing is. */
  readonly notice: string;
  /** Set when sharing was not possible for a reason somebody should look at. The backup is as good without. */
  readonly warning: string | null;
}

/** What sharing files needs to know of the backup that is being made. */
export interface DedupRequest {
  /** Where its files stand; nothing but data, archives and inventory so far. */
  readonly folder: string;
  readonly files: readonly ManifestFile[];
  readonly shelf: string;
  readonly environment: string;
  readonly signal: AbortSignal;
}

/**
 * Makes hard links of all files that the environment's backup before holds too. The older file is read before: what
 * is linked has the content its manifest says. Archives of the same content differ by the time in their header;
 * such a one becomes a link too, so its header then tells when this content was first archived.
 *
 * The environment's lock must be held.
 *
 * @throws the signal's reason when cancelled; anything else only leaves files unshared
 */
export async function shareFiles(request: DedupRequest): Promise<DedupOutcome> {
  const { files } = request;
  const nothing = { files, linked: new Set<string>(), warning: null };
  try {
    using previous = await findPrevious(request.shelf, request.environment);
    if (previous === null) {
      return { ...nothing, notice: `dedup: no earlier backup of ${request.environment} to share files with` };
    }
    return await shareWith(previous, request);
  } catch (error) {
    request.signal.throwIfAborted();
    const text = `dedup: files could not be shared with the backup before: ${messageOf(error)}`;
    return { ...nothing, notice: text, warning: text };
  }
}

async function shareWith(previous: PreviousBackup, request: DedupRequest): Promise<DedupOutcome> {
  const sharing = new Sharing(previous, request.folder);
  const files: ManifestFile[] = [];
  const linked = new Set<string>();
  let bytes = 0;
  let failure: string | null = null;
  for (const file of request.files) {
    request.signal.throwIfAborted();
    let same: ManifestFile | null = null;
    try {
      if (failure === null) same = await sharing.share(file);
    } catch (error) {
      // What was linked so far is linked: the rest stays as it is.
      failure = `dedup: not all files could be shared with ${previous.path}: ${messageOf(error)}`;
    }
    files.push(same === null ? file : { ...file, sha256: same.sha256 });
    if (same === null) continue;
    linked.add(file.path);
    bytes += file.bytes;
  }
  const damaged = sharing.damaged.length === 0
    ? null
    : `dedup: ${previous.path} is not what its manifest says (${sharing.damaged.join(", ")}): verify it`;
  return {
    files,
    linked,
    notice: `dedup: ${linked.size} of ${files.length} files (${sizeText(bytes)}) are those of ${previous.path}`,
    warning: failure ?? damaged,
  };
}

/** Finds, checks and links the files of one older backup. */
class Sharing {
  /** Paths whose content is not what the older manifest says. */
  readonly damaged: string[] = [];
  readonly #byContent: ReadonlyMap<string, ManifestFile>;
  readonly #archives: ReadonlyMap<string, ManifestFile>;
  readonly #good = new Map<string, boolean>();

  constructor(private readonly previous: PreviousBackup, private readonly folder: string) {
    this.#byContent = new Map(previous.manifest.files.map((file) => [contentKey(file), file]));
    this.#archives = archivesByRole(previous.manifest);
  }

  /** Makes a file a link to an older one of the same content; null when there is none. */
  async share(file: ManifestFile): Promise<ManifestFile | null> {
    const equal = this.#byContent.get(contentKey(file));
    const older = equal ?? this.#archives.get(roleOf(file) ?? "");
    if (older === undefined || older.bytes !== file.bytes || !(await this.#isGood(older))) return null;
    const source = join(this.previous.folder, older.path);
    const target = join(this.folder, file.path);
    if (equal === undefined && !(await isSameArchive(source, target, older.sha256))) return null;
    return await linkOver(source, target, join(this.folder, ".link")) ? older : null;
  }

  /** Whether an older file holds what its manifest says; read once. */
  async #isGood(older: ManifestFile): Promise<boolean> {
    const known = this.#good.get(older.path);
    if (known !== undefined) return known;
    const path = join(this.previous.folder, older.path);
    const good = (await hashFile(path)).sha256 === older.sha256;
    this.#good.set(older.path, good);
    if (!good) this.damaged.push(older.path);
    return good;
  }
}

function contentKey({ bytes, sha256 }: ManifestFile): string {
  return `${bytes} ${sha256}`;
}

/** What an archive is of, whatever its name: `full`, or the folder of its schema. */
function roleOf({ tier, path }: ManifestFile): string | null {
  if (tier === "full") return "full";
  return tier === "schema" && path.endsWith(".dump") ? `schema ${path.split("/")[0]}` : null;
}

function archivesByRole({ files }: Manifest): Map<string, ManifestFile> {
  return new Map(files.flatMap((file) => {
    const role = roleOf(file);
    return role === null ? [] : [[role, file] as const];
  }));
}

/** Puts a link in a file's place, in one step; false where the file system makes none (too many, or not at all). */
async function linkOver(source: string, target: string, temporary: string): Promise<boolean> {
  try {
    await Deno.link(source, temporary);
    if (Deno.build.os !== "windows") await Deno.chmod(temporary, SHARED_FILE_MODE);
    await Deno.rename(temporary, target);
    return true;
  } catch (error) {
    await removeTree(temporary);
    if (error instanceof Deno.errors.NotFound) throw error;
    return false;
  }
}
