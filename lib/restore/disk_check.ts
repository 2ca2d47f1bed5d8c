import { sizeText } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import { freeSpace } from "../system/mod.ts";
import type { PreflightCheck } from "./plan.ts";
import type { RestoreWork } from "./restore_work.ts";

const FOLDER = `
SELECT COALESCE(NULLIF(pg_catalog.pg_tablespace_location(d.dattablespace), ''), pg_catalog.current_setting('data_directory'))
  AS folder
FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()`;

/**
 * Bytes that what is restored took on the source's disk, indexes included; null when no rows are restored. It is an
 * estimate: what is restored is not bloated, write-ahead log comes on top.
 */
function neededBytes({ source: { manifest }, selection, options }: RestoreWork): number | null {
  if (options.content === "schema-only") return null;
  if (selection.whole && manifest.server.databaseBytes > 0) return manifest.server.databaseBytes;
  const names = new Set(selection.names.map(({ schema, name }) => JSON.stringify([schema, name])));
  const schemas = new Set(selection.schemas);
  return manifest.tables.filter(({ schema, name }) =>
    selection.whole || schemas.has(schema) || names.has(JSON.stringify([schema, name]))
  ).reduce((sum, { totalBytes }) => sum + totalBytes, 0);
}

/** Whether the disk holds what is restored, besides what is there: nothing of that goes before the end. */
export async function checkDisk(session: Session, work: RestoreWork): Promise<PreflightCheck> {
  const needed = neededBytes(work);
  if (needed === null) return { check: "disk", state: "ok", text: "no rows are restored" };
  const about = `about ${sizeText(needed)} needed, and the write-ahead log on top`;
  const folder = await localFolder(session, work);
  if (folder === null) {
    return { check: "disk", state: "unknown", text: `${about}; ${whereToLook(work)}` };
  }
  let free: number;
  try {
    free = await freeSpace(folder);
  } catch {
    return { check: "disk", state: "unknown", text: `${about}; ${folder} of the server cannot be looked at from here` };
  }
  const text = `${about}; ${sizeText(free)} free in ${folder}`;
  return { check: "disk", state: free < needed ? "attention" : "ok", text };
}

/** The server's folder, when it stands on this machine and the role may ask for it. */
async function localFolder(session: Session, { target }: RestoreWork): Promise<string | null> {
  if (target.kind !== "local") return null;
  try {
    const [row] = await session.query<{ folder: string }>(FOLDER);
    const folder = row?.folder ?? "";
    // A port forwarded from a container or another machine looks local, too.
    return folder !== "" && (await Deno.stat(folder).catch(() => null))?.isDirectory === true ? folder : null;
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return null;
  }
}

function whereToLook({ facts, target }: RestoreWork): string {
  if (facts.supabase || target.projectRef !== undefined) {
    return "what is free can only be seen in the project's dashboard (Database settings, disk usage)";
  }
  return "what is free cannot be seen from here: `df -h` on the server";
}
