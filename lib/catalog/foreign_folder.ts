import { join } from "@std/path";
import type { ForeignDescription } from "./shelf_entry.ts";

/** Most bytes read of a file of others to describe it. */
const DESCRIPTION_BYTES = 4096;

/** Describes a folder without manifest from the names of its files. */
export async function describeForeign(folder: string): Promise<ForeignDescription> {
  const root = [...Deno.readDirSync(folder)];
  const files = root.filter((entry) => entry.isFile).map((entry) => entry.name).sort();
  const schemaArchives: string[] = [];
  for (const { name, isDirectory } of root) {
    if (!isDirectory) continue;
    for (const below of Deno.readDirSync(join(folder, name))) {
      if (below.isFile && /_schema_.*\.dump$/.test(below.name)) schemaArchives.push(`${name}/${below.name}`);
    }
  }
  const fullArchive = files.find((name) => /^(?:db_full|database_full_.*|full.*)\.(?:dump|backup)$/.test(name)) ?? null;
  const others = files.filter((name) =>
    name !== fullArchive && /\.(?:dump|backup|sql|tar)(?:\.[a-z0-9]+)?$/.test(name)
  );
  return {
    backup: fullArchive !== null || schemaArchives.length > 0 || others.length > 0,
    fullArchive,
    schemaArchives: schemaArchives.sort(),
    others,
    serverVersion: files.includes("version.txt") ? await firstLine(join(folder, "version.txt")) : null,
  };
}

async function firstLine(path: string): Promise<string | null> {
  const buffer = new Uint8Array(DESCRIPTION_BYTES);
  using file = await Deno.open(path);
  const text = new TextDecoder().decode(buffer.subarray(0, await file.read(buffer) ?? 0));
  const line = text.split("\n").map((part) => part.trim()).find((part) => part !== "");
  // Others' text goes to terminals: nothing that could steer one.
  return line?.replaceAll(/\p{C}/gu, " ").slice(0, 200) ?? null;
}
