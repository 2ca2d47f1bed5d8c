import { join } from "@std/path";

/** A file or other thing below a backup's folder. */
export interface FolderFile {
  /** `/` between the parts. */
  readonly path: string;
  readonly kind: "file" | "folder" | "other";
  readonly bytes: number;
  /** Permission bits; null where the system has none. */
  readonly mode: number | null;
}

/** Everything below a folder; links are not followed. The folder itself is "". */
export async function folderFiles(folder: string): Promise<FolderFile[]> {
  const found: FolderFile[] = [await describe(folder, "")];
  const folders = [""];
  for (let index = 0; index < folders.length; index++) {
    const above = folders[index] ?? "";
    for await (const { name } of Deno.readDir(join(folder, above))) {
      const path = above === "" ? name : `${above}/${name}`;
      const file = await describe(folder, path);
      found.push(file);
      if (file.kind === "folder") folders.push(path);
    }
  }
  return found;
}

async function describe(folder: string, path: string): Promise<FolderFile> {
  const info = await Deno.lstat(join(folder, path));
  return {
    path,
    kind: info.isFile ? "file" : info.isDirectory ? "folder" : "other",
    bytes: info.size,
    mode: info.mode === null ? null : info.mode & 0o777,
  };
}
