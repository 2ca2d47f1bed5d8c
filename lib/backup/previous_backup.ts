import { join } from "@std/path";
import {
  holdBackup,
  isSameEnvironment,
  type Manifest,
  MANIFEST_FILE,
  parseManifest,
  readShelf,
} from "../catalog/mod.ts";

/** The backup of an environment before this one, held so that nobody removes it, until disposed of. */
export interface PreviousBackup extends Disposable {
  /** Its name below the shelf. */
  readonly path: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * The newest sealed backup of an environment whose files can be shared: not encrypted, never found damaged.
 *
 * @returns null when there is none, or it is being removed
 * @throws {Error} what the system says about the shelf
 */
export async function findPrevious(shelf: string, environment: string): Promise<PreviousBackup | null> {
  const { folder: root, entries } = await readShelf(shelf);
  for (const entry of entries) {
    if (entry.kind !== "backup" || !isSameEnvironment(entry.environment, environment)) continue;
    if (entry.marks.damaged !== null) continue;
    const held = await holdBackup(root, entry.summary.id);
    if (held === null) return null;
    using stack = new DisposableStack();
    stack.use(held);
    const manifest = parseManifest(await Deno.readTextFile(join(entry.folder, MANIFEST_FILE)));
    const owned = stack.move();
    return { path: entry.path, folder: entry.folder, manifest, [Symbol.dispose]: () => owned.dispose() };
  }
  return null;
}
