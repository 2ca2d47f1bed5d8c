import { join } from "@std/path";
import { schemaScript } from "../archive/mod.ts";
import { Limiter, PgstrataError, qualifiedName } from "../base/mod.ts";
import { type Manifest, MANIFEST_FILE, type ManifestTable, ROOT_FILES, TABLE_FILES } from "../catalog/mod.ts";
import { chooseToolSet, findToolSets } from "../postgres/mod.ts";
import { ProcessError, runProcess } from "../system/mod.ts";
import { checkArchive, checkSchemaEntries, rowsMessage, tocOf } from "./check_archive.ts";
import { checkChecksums, checkHash, type Inscription } from "./check_folder.ts";
import type { CopyContent } from "./copy_digest.ts";
import type { FindingList } from "./finding_list.ts";
import type { FolderFile } from "./folder_files.ts";
import type { VerifyDeps } from "./verify_backup.ts";
import type { DataFile, HashedFile, ScannedArchive } from "./verify_job.ts";
import type { VerifyPool } from "./verify_pool.ts";

/** Bytes of small files that make one job. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_FILES = 64;

/** Files are hashed, and archives read once more. */
export class ReadProgress {
  #done = 0;

  constructor(private total: number, private readonly onProgress: VerifyDeps["onProgress"]) {}

  expect(bytes: number): void {
    this.total += bytes;
  }

  add(bytes: number): void {
    this.onProgress?.(this.#done += bytes, this.total);
  }
}

/** One reading of a backup: what is read, by whom, and what is compared with what. */
export class Verification {
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #scans = new Map<string, ScannedArchive>();
  /** How many of `pg_restore` may run. */
  readonly #programs = new Limiter(Math.min(navigator.hardwareConcurrency, 4));

  constructor(
    private readonly folder: string,
    private readonly inscription: Inscription,
    files: readonly FolderFile[],
    private readonly list: FindingList,
    private readonly pool: VerifyPool,
    private readonly progress: ReadProgress,
    private readonly deps: VerifyDeps,
  ) {
    this.#sizes = new Map(files.map((file) => [file.path, file.bytes]));
  }

  /** @returns how many archives were read */
  async run(): Promise<number> {
    const { manifest } = this.inscription;
    if (this.deps.hashOnly !== undefined) {
      await this.#hashes([...this.#sizes.keys()]);
      return 0;
    }
    const archives = manifest === null ? await this.#foreignArchives() : archivesOf(manifest);
    const present = [...archives].filter(([path]) => this.#sizes.has(path));
    for (const [path] of present) this.progress.expect(this.#size(path));
    const pgRestore = this.#needsTool(manifest) ? await this.#tool() : null;
    const data = new Map<string, ManifestTable>();
    for (const table of manifest?.tables ?? []) {
      const path = `${table.folder}/${TABLE_FILES.data}`;
      if (table.folder !== null && this.#sizes.has(path)) data.set(path, table);
    }
    // The longest first: the last job then is a short one.
    const scans = present.toSorted(([a], [b]) => this.#size(b) - this.#size(a));
    const full = present.find(([, schema]) => schema === null)?.[0];
    const fullScan = manifest === null || full === undefined ? null : this.#scan(full, pgRestore, true);
    const work = [
      ...scans.map(([path, schema]) => this.#archive(path, schema, pgRestore, fullScan)),
      ...[...data].map(([path, table]) => this.#data(path, table)),
      this.#hashes([...this.#sizes.keys()].filter((path) => !data.has(path))),
    ];
    await waitForAll(work);
    this.#compareTiers(manifest);
    return present.length;
  }

  #size(path: string): number {
    return this.#sizes.get(path) ?? 0;
  }

  /** @param full the full archive's reading; null without one */
  async #archive(
    path: string,
    schema: string | null,
    pgRestore: string | null,
    full: Promise<ScannedArchive> | null,
  ): Promise<void> {
    const before = this.list.all.length;
    const scan = full === null
      ? await this.#scan(path, pgRestore, true)
      : schema === null
      ? await full
      : await this.#scanBeside(path, pgRestore, full);
    this.#scans.set(path, scan);
    this.progress.add(this.#size(path));
    checkArchive(path, scan, this.inscription.manifest, schema, this.list);
    const isWhole = this.list.all.length === before && scan.findings.length === 0;
    if (!isWhole || this.deps.pgRestore === false) return;
    const sections = scan.throughTool ? ["--section=pre-data", "--section=post-data"] : [];
    await this.#programs.run(() => this.#readByPostgres(path, pgRestore, sections));
  }

  #scan(path: string, pgRestore: string | null, rows: boolean): Promise<ScannedArchive> {
    return this.pool.run({ type: "archive", path: join(this.folder, path), pgRestore, rows });
  }

  /** Rows of a schema's archive are not read again where the full archive has the very same blocks. */
  async #scanBeside(path: string, pgRestore: string | null, full: Promise<ScannedArchive>): Promise<ScannedArchive> {
    const frame = await this.#scan(path, pgRestore, false);
    return withRowsOf(await full, frame) ?? await this.#scan(path, pgRestore, true);
  }

  /** PostgreSQL's own reader over the whole archive, or what it has not read of it yet, to nowhere. */
  async #readByPostgres(path: string, pgRestore: string | null, sections: readonly string[]): Promise<void> {
    if (pgRestore === null) {
      const reason = "no pg_restore here is new enough to read it too: only pgstrata's own reader did";
      this.list.notVerified.push({ file: path, reason });
      return;
    }
    try {
      const args = ["--file=-", ...sections, join(this.folder, path)];
      await runProcess({ program: pgRestore, args, signal: this.deps.signal });
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      this.list.damage("format", path, `pg_restore cannot read it: ${error.stderr.trim().split("\n").at(-1) ?? ""}`);
    }
  }

  async #data(path: string, table: ManifestTable): Promise<void> {
    const read = await this.pool.run({ type: "data", path: join(this.folder, path) });
    this.#hashed(path, read);
    const name = qualifiedName(table.schema, table.name);
    if (read.error !== null) {
      this.list.damage(
        "format",
        path,
        read.error.message.replace(/^Cannot read the archive: /, "").replace(/ at byte \d+$/, ""),
        {
          offset: read.error.offset,
          table: name,
        },
      );
    } else checkRows(path, name, read, table, this.list);
  }

  async #hashes(paths: readonly string[]): Promise<void> {
    const batches: string[][] = [];
    let bytes = Infinity;
    for (const path of paths.toSorted((a, b) => this.#size(b) - this.#size(a))) {
      const last = batches.at(-1);
      if (last === undefined || bytes + this.#size(path) > BATCH_BYTES || last.length === BATCH_FILES) {
        batches.push([path]);
        bytes = this.#size(path);
      } else {
        last.push(path);
        bytes += this.#size(path);
      }
    }
    await waitForAll(batches.map(async (batch) => {
      const hashed = await this.pool.run({ type: "hash", paths: batch.map((path) => join(this.folder, path)) });
      for (const [index, file] of hashed.entries()) this.#hashed(batch[index] ?? "", file);
    }));
  }

  #hashed(path: string, file: HashedFile): void {
    if (path === MANIFEST_FILE) return checkChecksums(this.inscription, file, this.list);
    const expected = this.inscription.expected.get(path);
    if (expected !== undefined) checkHash(expected, file, this.list);
  }

  /** Definitions of the schemas' archives and of `schema.sql` against the full archive's. */
  #compareTiers(manifest: Manifest | null): void {
    const path = manifest?.files.find(({ tier }) => tier === "full")?.path;
    const full = path === undefined ? undefined : this.#scans.get(path);
    if (manifest === null || full === undefined || manifest.client.engine !== "archive") return;
    const toc = tocOf(full);
    if (toc === null) return;
    for (const { archive } of manifest.schemas) {
      const scan = archive === null ? undefined : this.#scans.get(archive);
      if (archive !== null && scan !== undefined) checkSchemaEntries(archive, scan, full, this.list);
    }
    if (!this.#sizes.has(ROOT_FILES.schema)) return;
    const wanted = toc.codec.encode([...schemaScript(toc)].join(""));
    const found = Deno.readFileSync(join(this.folder, ROOT_FILES.schema));
    const offset = firstDifference(wanted, found);
    if (offset !== null) {
      this.list.damage("definitions", ROOT_FILES.schema, "is not what the full archive gives", { offset });
    }
  }

  /** Custom archives of a folder that has no manifest; what else there is cannot be verified. */
  async #foreignArchives(): Promise<Map<string, string | null>> {
    const archives = new Map<string, string | null>();
    for (const path of this.#sizes.keys()) {
      const kind = await contentOf(join(this.folder, path));
      if (kind === "custom") archives.set(path, null);
      else if (!this.inscription.expected.has(path) && path !== ROOT_FILES.checksums && path !== MANIFEST_FILE) {
        this.list.notVerified.push({ file: path, reason: "there is no checksum of it, and its format holds none" });
      }
    }
    const reason = "without a readable manifest it is not known which tables, rows and files there should be";
    this.list.notVerified.push({ file: ".", reason });
    return archives;
  }

  #needsTool(manifest: Manifest | null): boolean {
    return this.deps.pgRestore !== false || !/^(?:gzip|none)/.test(manifest?.client.compression ?? "");
  }

  async #tool(): Promise<string | null> {
    const { manifest } = this.inscription;
    const major = manifest === null ? 1 : Number.parseInt(manifest.client.version);
    try {
      const found = await findToolSets({ env: this.deps.env, need: ["pg_restore"] });
      const tools = manifest === null ? found.at(-1) : chooseToolSet(found, major, "client").tools;
      return tools?.program("pg_restore") ?? null;
    } catch (error) {
      if (error instanceof PgstrataError && error.code === "tool") return null;
      throw error;
    }
  }
}

/** A frame with the rows of an archive that has the same blocks, bit for bit; null if not all of them are there. */
function withRowsOf(full: ScannedArchive, frame: ScannedArchive): ScannedArchive | null {
  if (full.findings.length > 0 || full.unread !== null) return null;
  const tables = new Map<number, CopyContent>();
  for (const [dumpId, hash] of frame.blocks) {
    if (full.blocks.get(dumpId) !== hash) return null;
    const content = full.tables.get(dumpId);
    if (content !== undefined) tables.set(dumpId, content);
  }
  return { ...frame, tables };
}

/** Archives with the schema each is of; null for the full one. */
function archivesOf(manifest: Manifest): Map<string, string | null> {
  const archives = new Map<string, string | null>();
  for (const { path, tier } of manifest.files) if (tier === "full") archives.set(path, null);
  for (const { archive, name } of manifest.schemas) if (archive !== null) archives.set(archive, name);
  return archives;
}

function checkRows(path: string, name: string, read: DataFile, table: ManifestTable, list: FindingList): void {
  list.rows.set(name, read.rows?.rows ?? 0);
  if (table.sha256 === null) {
    if (read.rows !== null) list.damage("rows", path, "has rows, and the manifest says it has none", { table: name });
  } else if (read.rows === null) list.damage("rows", path, "has no rows", { table: name });
  else if (read.rows.sha256 !== table.sha256 || read.rows.rows !== table.rows) {
    list.damage("rows", path, rowsMessage(read.rows, table), { table: name });
  }
}

/** What a file is, by its first bytes. */
async function contentOf(path: string): Promise<"custom" | "other"> {
  const bytes = new Uint8Array(5);
  using file = await Deno.open(path);
  const read = await file.read(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, read)) === "PGDMP" ? "custom" : "other";
}

function firstDifference(wanted: Uint8Array, found: Uint8Array): number | null {
  const length = Math.min(wanted.length, found.length);
  for (let index = 0; index < length; index++) if (wanted[index] !== found[index]) return index;
  return wanted.length === found.length ? null : length;
}

/** All settle before the first failure is thrown: nothing goes on behind a caller's back. */
async function waitForAll(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
