import { countText } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { type Check, ok } from "./check.ts";
import { mayRead } from "./may_read.ts";

/**
 * Supabase's Storage keeps files outside of the database: told wherever there are any, for no database backup has
 * them. No warning: it would ring for ever.
 */
export async function storageFilesCheck(session: Session): Promise<Check[]> {
  if (await mayRead(session, "storage", "objects") !== true) return [];
  // The session reads with row_security off: a table whose rows it would hide is an error. The privilege checks say so.
  const [filter] = await session.query<{ active: boolean }>(
    "SELECT pg_catalog.row_security_active('storage.objects') AS active",
  );
  if (filter?.active !== false) return [];
  const [row] = await session.query<{ count: string }>(
    "SELECT pg_catalog.count(*)::text AS count FROM storage.objects",
  );
  const count = Number(row?.count ?? 0);
  return count === 0 ? [] : [ok(
    "storage_files",
    `storage.objects lists ${countText(count)} files: the list is in a backup, the files are not. Copy them besides, ` +
      "through Storage's S3 endpoint",
  )];
}
