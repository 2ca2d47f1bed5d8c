import type { Session } from "../connection/mod.ts";

/** An installed extension. */
export interface Extension {
  readonly name: string;
  readonly version: string;
  readonly schema: string;
}

/** Installed extensions by name. */
export async function readExtensions(session: Session): Promise<Extension[]> {
  return await session.query<Extension>(`
SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
 ORDER BY e.extname`);
}
