import { FOLDER_MODE } from "./atomic_file.ts";

/**
 * A folder (mode 0700) that goes when its scope ends.
 *
 * @example
 * ```ts ignore
 * await using folder = await TempFolder.create();
 * await Deno.writeTextFile(`${folder.path}/pgpass`, line, { mode: 0o600 });
 * ```
 */
export class TempFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /** Makes one below the system's folder for temporary files, or below `parent`. */
  static async create(options: { parent?: string; prefix?: string } = {}): Promise<TempFolder> {
    const path = await Deno.makeTempDir({
      prefix: options.prefix ?? "pgstrata-",
      ...(options.parent === undefined ? {} : { dir: options.parent }),
    });
    await Deno.chmod(path, FOLDER_MODE).catch(() => {});
    return new TempFolder(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeTree(this.path);
  }
}

/** Removes a file or folder with all in it; one that is not there is fine. */
export async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
