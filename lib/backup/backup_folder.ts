import { createHash } from "node:crypto";
import { dirname, join } from "@std/path";
import type { Layout, ManifestFile } from "../catalog/mod.ts";
import { encodeNames } from "../catalog/mod.ts";
import type { UnsealedEncryption } from "../crypt/mod.ts";
import { EarlySync, FILE_MODE, makeFolder } from "../system/mod.ts";

/** Name of the folder for unfinished pieces, inside the partial folder. */
const WORK_FOLDER = ".work";

/** Tells where everything of one backup goes and keeps the list of its files. */
export class BackupFolder {
  readonly #files = new Map<string, ManifestFile>();
  readonly #made = new Set<string>();
  readonly #syncing = new EarlySync();
  #schemaFolders: ReadonlyMap<string, string> = new Map();
  readonly #tableFolders = new Map<string, ReadonlyMap<string, string>>();

  /** @param path the partial folder */
  constructor(
    readonly path: string,
    readonly layout: Layout,
    readonly time: Date,
    /** Takes each file as soon as it is listed; then nothing is pushed to the disk in plain. */
    private readonly encryption: UnsealedEncryption | null = null,
  ) {}

  /** Files written so far, by path. */
  get files(): ManifestFile[] {
    return [...this.#files.values()].sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  }

  /** Where raw files and blocks are made. */
  get work(): string {
    return join(this.path, WORK_FOLDER);
  }

  /** Names all schemas and tables, so that each gets a folder name that differs from its siblings'. */
  nameAll(tables: ReadonlyMap<string, readonly string[]>): void {
    this.#schemaFolders = encodeNames([...tables.keys()]);
    for (const [schema, names] of tables) this.#tableFolders.set(schema, encodeNames([...names]));
  }

  schemaFolder(schema: string): string {
    return this.#schemaFolders.get(schema) ?? fail(schema);
  }

  schemaArchive(schema: string): string {
    return this.layout.schemaArchive(this.schemaFolder(schema), this.time);
  }

  tableFolder(schema: string, table: string): string {
    const folder = this.#tableFolders.get(schema)?.get(table) ?? fail(`${schema}.${table}`);
    return this.layout.tableFolder(this.schemaFolder(schema), folder);
  }

  /** The absolute path of a file; its folder is made. */
  async prepare(path: string): Promise<string> {
    const absolute = join(this.path, path);
    const folder = dirname(absolute);
    if (!this.#made.has(folder)) {
      await makeFolder(folder);
      this.#made.add(folder);
    }
    return absolute;
  }

  /** Writes a small file and lists it. */
  async write(path: string, tier: ManifestFile["tier"], content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(await this.prepare(path), bytes, { createNew: true, mode: FILE_MODE });
    this.add({ path, tier, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  }

  /**
   * Lists a file that was written in another way, is complete, and is read by nobody any more. It begins to be
   * encrypted; else a large one to be synced.
   */
  add(file: ManifestFile): void {
    this.#files.set(file.path, file);
    if (this.encryption !== null) return this.encryption.add(file.path);
    this.#syncing.add(file.path, join(this.path, file.path), file.bytes);
  }

  /** Waits for the syncs that were begun; gives the paths of those files. */
  async synced(): Promise<ReadonlySet<string>> {
    return await this.#syncing.done();
  }

  /** Waits until nothing is being synced any more, whether it went well or not. */
  async settle(): Promise<void> {
    await this.#syncing.settle();
  }

  /** Removes all that was written, for another try; hidden entries are not the backup's, but the work folder goes. */
  async clear(): Promise<void> {
    await this.encryption?.clear();
    for await (const { name } of Deno.readDir(this.path)) {
      if (!name.startsWith(".") || name === WORK_FOLDER) await Deno.remove(join(this.path, name), { recursive: true });
    }
    await this.settle();
    this.#files.clear();
    this.#made.clear();
  }
}

function fail(name: string): never {
  throw new Error(`No folder was named for ${name}`);
}
