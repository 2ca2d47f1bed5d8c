import { messageOf } from "../base/mod.ts";
import type { Toc } from "../archive/mod.ts";
import { readArchiveToc } from "./archive_toc.ts";
import type { RestoreWork } from "./restore_work.ts";
import { EMPTY_TOC } from "./sql_tier.ts";

/**
 * The table of contents that knows the database's own comment, settings and privileges. SQL files do not hold them, every
 * archive of the backup does, a schema's too.
 */
export async function databaseToc(
  { archive, source, log }: Pick<RestoreWork, "archive" | "source" | "log">,
): Promise<Toc> {
  if (archive.path !== "") return archive.toc;
  const { schemas } = source.manifest;
  const path = source.fullArchive ?? schemas.map(({ name }) => source.schemaArchive(name)).find((one) => one !== null);
  if (path === undefined || path === null) {
    log.warn("the database's comment, settings and privileges are not restored: they are in the archives only");
    return EMPTY_TOC;
  }
  try {
    return await readArchiveToc(path);
  } catch (error) {
    log.warn(`the database's comment, settings and privileges are not restored: ${messageOf(error)}`);
    return EMPTY_TOC;
  }
}
