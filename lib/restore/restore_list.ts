import { join } from "@std/path";
import type { TocEntry } from "../archive/mod.ts";
import { FILE_MODE } from "../system/mod.ts";

/** Writes a list as `pg_restore --use-list` takes it; gives its path. */
export async function writeList(folder: string, name: string, entries: readonly TocEntry[]): Promise<string> {
  const path = join(folder, `${name}.list`);
  await Deno.writeTextFile(path, entries.map(({ dumpId }) => `${dumpId};\n`).join(""), { mode: FILE_MODE });
  return path;
}
