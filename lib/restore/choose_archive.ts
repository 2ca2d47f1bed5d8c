import type { Toc } from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";
import { readArchiveToc } from "./archive_toc.ts";
import type { BackupSource } from "./backup_source.ts";
import type { RestoreOptions, Tier } from "./options.ts";
import { matchesPattern } from "./selection.ts";

/** What rows and definitions are read from. */
export type ChosenTier =
  | { readonly tier: "full" | "schema"; readonly archive: { readonly path: string; readonly toc: Toc } }
  | { readonly tier: "schema" | "table"; readonly archive: null };

type Wish = Pick<RestoreOptions, "tier" | "schemas" | "tables">;

/**
 * Chooses the tier: the full archive where there is one, since it alone knows what an object needs; else the archive of the
 * one schema that is wanted; else SQL files.
 *
 * @throws {PgstrataError} code `usage` when the backup does not hold the tier that was asked for
 */
export async function chooseTier(source: BackupSource, wish: Wish): Promise<ChosenTier> {
  const open = async (tier: "full" | "schema", path: string): Promise<ChosenTier> => ({
    tier,
    archive: { path, toc: await readArchiveToc(path) },
  });
  const { fullArchive } = source;
  if (wish.tier === "full" || wish.tier === null) {
    if (fullArchive !== null) return await open("full", fullArchive);
    if (wish.tier === "full") throw hasNot("full", source);
  }
  const has = (tier: Tier) => source.manifest.tiers.includes(tier);
  if (wish.tier === "schema" || (wish.tier === null && has("schema"))) {
    if (!has("schema")) throw hasNot("schema", source);
    const schema = onlySchema(source, wish);
    const archive = schema === null ? null : source.schemaArchive(schema);
    return archive === null ? { tier: "schema", archive: null } : await open("schema", archive);
  }
  if (!has("table")) throw hasNot("table", source);
  return { tier: "table", archive: null };
}

/**
 * Files of the backup that a restore reads: what is not read need not be whole, and a table of a large backup comes back
 * without all of it being read first.
 */
export function filesRead(source: BackupSource, wish: Wish): string[] {
  const { files, schemas, tables } = source.manifest;
  const isFull = wish.tier !== "schema" && wish.tier !== "table" && source.fullArchive !== null;
  const schema = wish.tier === "table" ? null : onlySchema(source, wish);
  const one = schemas.find(({ name }) => name === schema)?.archive ?? null;
  const archives = new Set(schemas.flatMap(({ archive }) => archive ?? []));
  // Rows of extensions' tables stand in no archive.
  const copied = new Set(tables.flatMap(({ source, folder }) => source === "copy" ? `${folder}/` : []));
  return files.filter(({ path, tier }) => {
    if (tier === "root") return true;
    if (tier === "full") return isFull;
    if (isFull || one !== null) {
      return (!isFull && path === one) || copied.has(path.slice(0, path.lastIndexOf("/") + 1));
    }
    return wish.tier === "table" ? !archives.has(path) : true;
  }).map(({ path }) => path);
}

/** The one schema that all that is wanted stands in; null when there are several. */
function onlySchema(source: BackupSource, { schemas, tables }: Wish): string | null {
  if (schemas.length === 0 && tables.length === 0) return null;
  const found = source.manifest.schemas.filter(({ name }) =>
    schemas.some((pattern) => matchesPattern(pattern, "", name)) ||
    source.manifest.tables.some((table) =>
      table.schema === name && tables.some((pattern) => matchesPattern(pattern, table.schema, table.name))
    )
  );
  return found.length === 1 ? found[0]?.name ?? null : null;
}

function hasNot(tier: Tier, source: BackupSource): PgstrataError {
  return new PgstrataError(`Cannot restore from the ${tier} tier: the backup does not have it`, {
    code: "usage",
    hint: `It has: ${source.manifest.tiers.join(", ")}.`,
  });
}
