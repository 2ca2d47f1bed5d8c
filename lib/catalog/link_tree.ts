import { join } from "@std/path";
import { FILE_MODE, FOLDER_MODE } from "../system/mod.ts";

/** Mode of a file that several backups share: nobody shall write to one and change the others. */
export const SHARED_FILE_MODE = 0o400;

/** Gives a file a second name. */
export type LinkFile = (source: string, target: string) => Promise<void>;

/**
 * Makes a folder with the same files as another, as hard links (both then have mode 0400), and as
 * copies where the file system has no links. Symbolic links are left out: backups hold none.
 *
 * @param target must not exist
 * @returns the paths that are links, and so as durable as the original
 */
export async function linkTree(
  source: string,
  target: string,
  link: LinkFile = Deno.link,
): Promise<Set<string>> {
  const linked = new Set<string>();
  const folders = [""];
  for (let index = 0; index < folders.length; index++) {
    const folder = folders[index] ?? "";
    await Deno.mkdir(join(target, folder), { mode: FOLDER_MODE });
    for await (const entry of Deno.readDir(join(source, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory) folders.push(path);
      else if (entry.isFile && await linkOrCopy(join(source, path), join(target, path), link)) linked.add(path);
    }
  }
  return linked;
}

/**
 * Links a file to a second name, or copies it (mode 0600) where that cannot be: other file system,
 * no links there, too many links.
 *
 * @returns whether it is a link
 */
export async function linkOrCopy(source: string, target: string, link: LinkFile = Deno.link): Promise<boolean> {
  try {
    await link(source, target);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotFound) throw error;
    await Deno.copyFile(source, target);
    await Deno.chmod(target, FILE_MODE).catch(() => {});
    return false;
  }
  if (Deno.build.os !== "windows") await Deno.chmod(target, SHARED_FILE_MODE);
  return true;
}
