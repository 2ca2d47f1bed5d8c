import { join } from "@std/path";
import { messageOf, PgstrataError } from "../base/mod.ts";
import { type BackupMarks, marksOf, NO_MARKS } from "./backup_marks.ts";
import { type FolderUsage, measureFolder } from "./folder_usage.ts";
import { describeForeign } from "./foreign_folder.ts";
import { isLocked } from "./in_use.ts";
import { MANIFEST_FILE, parseManifest } from "./manifest.ts";
import { parseFolderName } from "./parse_folder_name.ts";
import type { BackupRecord } from "./records.ts";
import type { ForeignDescription, ShelfEntry } from "./shelf_entry.ts";
import type { ShelfFolder } from "./shelf_folders.ts";
import { type IndexedBackup, manifestFingerprint } from "./shelf_index.ts";
import { environmentLock, locksFolder } from "./shelf_paths.ts";
import { type BackupSummary, summarize } from "./summary.ts";

const NOTHING_SEEN: ForeignDescription = {
  backup: false,
  fullArchive: null,
  schemaArchives: [],
  others: [],
  serverVersion: null,
};

/** What a folder tells before anything in it is read. */
interface Named {
  readonly path: string;
  readonly folder: string;
  readonly time: Date;
  readonly environment: string | null;
  readonly label: string | null;
}

/** One look at a shelf: what the index knew, what was read anew. */
export class ShelfReader {
  /** What the next look may use. */
  readonly indexed = new Map<string, IndexedBackup>();
  /** Whether that is more or less than this look was given. */
  changed = false;
  /** Names of linked files by the file system; only of folders measured in this look. */
  readonly #names = new Map<string, number>();
  readonly #fresh = new Set<string>();

  constructor(
    private readonly shelf: string,
    private readonly index: ReadonlyMap<string, IndexedBackup>,
    private readonly records: ReadonlyMap<string, readonly BackupRecord[]>,
    private readonly readEncrypted: (folder: string, method: "age" | "gpg") => Promise<BackupSummary | null>,
  ) {}

  /** The entry a folder is. */
  async read(found: ShelfFolder): Promise<ShelfEntry> {
    const folder = join(this.shelf, found.path);
    const parsed = parseFolderName(found.name);
    const named: Named = {
      path: found.path,
      folder,
      time: parsed?.time ?? (await Deno.stat(folder)).mtime ?? new Date(0),
      environment: parsed?.environment ?? environmentOfPath(found.path),
      label: parsed?.label ?? null,
    };
    switch (found.state) {
      case "sealed":
        return await this.#sealed(named);
      case "age":
      case "gpg": {
        const summary = await this.readEncrypted(folder, found.state);
        const facts = summary === null ? named : { ...named, ...factsOf(summary) };
        const marks = summary === null ? NO_MARKS : this.#marks(summary);
        const usage = this.#measure(folder);
        return { ...facts, kind: "encrypted", method: found.state, summary, marks, usage, publishedAt: null };
      }
      case "partial": {
        const running = await this.#isRunning(named.environment);
        return { ...named, kind: "partial", running, usage: this.#measure(folder) };
      }
      case "deleting":
        return { ...named, kind: "deleting", usage: this.#measure(folder) };
      case "foreign": {
        const description = await describeForeign(folder);
        return { ...named, kind: "foreign", description, usage: this.#measure(folder) };
      }
      default:
        return found.state satisfies never;
    }
  }

  /**
   * The entry of a folder that the system does not let us read: one backup on a bad sector, or of another user, must not
   * hide the others.
   */
  refused({ path, name }: ShelfFolder, error: unknown): ShelfEntry {
    const parsed = parseFolderName(name);
    const facts = {
      path,
      folder: join(this.shelf, path),
      time: parsed?.time ?? new Date(0),
      environment: parsed?.environment ?? environmentOfPath(path),
      label: parsed?.label ?? null,
      usage: { apparent: 0, own: 0, links: [] },
    };
    return parsed === null
      ? { ...facts, kind: "foreign", description: NOTHING_SEEN }
      : { ...facts, kind: "unreadable", reason: messageOf(error) };
  }

  /**
   * Measures indexed folders again, in the order given, while files of the folders just read have more names
   * than were found: a backup was hard-linked to an older one, which the index knows as linked to none.
   */
  remeasure(entries: readonly ShelfEntry[]): ShelfEntry[] {
    const found = new Map<string, number>();
    const count = (usage: FolderUsage, by: number) => {
      for (const [key] of usage.links) found.set(key, (found.get(key) ?? 0) + by);
    };
    for (const entry of entries) count(entry.usage, 1);
    const isMissing = () => this.#names.entries().some(([key, names]) => (found.get(key) ?? 0) < names);
    return entries.map((entry) => {
      const indexed = this.indexed.get(entry.path);
      if (indexed === undefined || this.#fresh.has(entry.path) || !isMissing()) return entry;
      count(entry.usage, -1);
      const usage = this.#measure(entry.folder);
      count(usage, 1);
      this.indexed.set(entry.path, { ...indexed, usage });
      this.changed = true;
      return { ...entry, usage };
    });
  }

  async #sealed(named: Named): Promise<ShelfEntry> {
    const manifest = join(named.folder, MANIFEST_FILE);
    const fingerprint = manifestFingerprint(manifest) ?? "";
    let indexed = this.index.get(named.path);
    if (indexed?.fingerprint !== fingerprint) {
      this.#fresh.add(named.path);
      const usage = this.#measure(named.folder);
      try {
        indexed = { fingerprint, summary: summarize(parseManifest(await Deno.readTextFile(manifest))), usage };
      } catch (error) {
        if (!(error instanceof PgstrataError)) throw error;
        const reason = [error.message, ...Object.values(error.context)].join(": ");
        return { ...named, kind: "unreadable", reason, usage };
      }
      this.changed = true;
    }
    this.indexed.set(named.path, indexed);
    const { summary, usage } = indexed;
    const marks = this.#marks(summary);
    return { ...named, ...factsOf(summary), kind: "backup", summary, marks, usage, publishedAt: null };
  }

  #marks(summary: BackupSummary): BackupMarks {
    return marksOf(this.records.get(summary.id) ?? []);
  }

  #measure(folder: string): FolderUsage {
    const { usage, names } = measureFolder(folder);
    for (const [key, inAll] of names) this.#names.set(key, inAll);
    return usage;
  }

  /** Whether a partial folder is still written to. Where its name tells no environment, any running backup counts. */
  async #isRunning(environment: string | null): Promise<boolean> {
    if (environment !== null) return await isLocked(environmentLock(this.shelf, environment));
    try {
      for await (const { name } of Deno.readDir(locksFolder(this.shelf))) {
        if (await isLocked(join(locksFolder(this.shelf), name))) return true;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return false;
  }
}

/** Facts the manifest knows better than the folder's name. */
function factsOf(summary: BackupSummary): Pick<Named, "time" | "label"> & { readonly environment: string } {
  return { time: new Date(summary.startedAt), environment: summary.environment, label: summary.label };
}

/** The environment in `<environment>/archive/…` and `<environment>/latest/…`. */
function environmentOfPath(path: string): string | null {
  return /^([^/]+)\/(?:archive|latest)\/[^/]+$/.exec(path)?.[1] ?? null;
}
