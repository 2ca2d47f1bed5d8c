import { join } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import {
  type Manifest,
  MANIFEST_FILE,
  type ManifestTable,
  parseManifest,
  ROOT_FILES,
  TABLE_FILES,
} from "../catalog/mod.ts";

/** A backup that is restored from: its manifest and where its files are. */
export class BackupSource {
  readonly #files: ReadonlySet<string>;

  constructor(readonly folder: string, readonly manifest: Manifest) {
    this.#files = new Set(manifest.files.map(({ path }) => path));
  }

  /**
   * Opens a sealed backup.
   *
   * @throws {PgstrataError} code `not_good` when its manifest is damaged, `usage` when there is none
   */
  static async open(folder: string): Promise<BackupSource> {
    let text: string;
    try {
      text = await Deno.readTextFile(join(folder, MANIFEST_FILE));
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      throw new PgstrataError(`Cannot restore from ${folder}: it has no ${MANIFEST_FILE}`, {
        code: "usage",
        cause,
        hint: "Only backups made by pgstrata can be restored by it; pg_restore and psql take any other.",
      });
    }
    return new BackupSource(folder, parseManifest(text));
  }

  /** The absolute path of one of its files. */
  path(file: string): string {
    return join(this.folder, file);
  }

  has(file: string): boolean {
    return this.#files.has(file);
  }

  /** The archive of the whole database, absolute; null without the full tier. */
  get fullArchive(): string | null {
    const file = this.manifest.files.find(({ tier, path }) => tier === "full" && path.endsWith(".dump"));
    return file === undefined ? null : this.path(file.path);
  }

  /** The archive of a schema, absolute; null without the schema tier. */
  schemaArchive(schema: string): string | null {
    const archive = this.manifest.schemas.find(({ name }) => name === schema)?.archive ?? null;
    return archive === null ? null : this.path(archive);
  }

  /** `data.sql` of a table, absolute; null without the table tier or without rows of its own. */
  dataFile(table: ManifestTable): string | null {
    const file = `${table.folder}/${TABLE_FILES.data}`;
    return table.folder === null || table.rows === null || !this.has(file) ? null : this.path(file);
  }

  /** The definitions of the whole database, absolute. */
  get definitions(): string | null {
    return this.has(ROOT_FILES.schema) ? this.path(ROOT_FILES.schema) : null;
  }

  /** Roles and memberships, absolute. */
  get roles(): string | null {
    return this.has(ROOT_FILES.roles) ? this.path(ROOT_FILES.roles) : null;
  }
}
