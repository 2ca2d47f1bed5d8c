import type { Session } from "../connection/mod.ts";
import { INTERNAL_SCHEMAS_SQL } from "./relations.ts";

/** A view with options such as `security_invoker=true`. */
export interface ViewOptions {
  readonly schema: string;
  readonly view: string;
  readonly kind: "view" | "materialized_view";
  /** As `pg_class.reloptions`. */
  readonly options: readonly string[];
}

/** Views and materialized views that have options, by schema and name. */
export async function readViewOptions(session: Session): Promise<ViewOptions[]> {
  const rows = await session.query<{ schema: string; view: string; kind: string; options: string[] }>(`
SELECT n.nspname AS schema, c.relname AS view, c.relkind::text AS kind, c.reloptions AS options
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('v', 'm') AND c.reloptions IS NOT NULL AND NOT ${INTERNAL_SCHEMAS_SQL}
 ORDER BY n.nspname, c.relname`);
  return rows.map((row) => ({ ...row, kind: row.kind === "m" ? "materialized_view" : "view" }));
}
