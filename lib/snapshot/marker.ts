import type { Session } from "../connection/mod.ts";

/** The schema that holds the copies and their records. */
export const SNAPSHOT_SCHEMA = "backup";

/** How the comment of our `backup` schema begins: the mark by which it is told from a user's own schema of that name. */
export const SNAPSHOT_MARKER = "pgstrata table snapshots";

/** An object that stands outside the schema and belongs to the installation. */
export interface OutsideObject {
  readonly kind: "view" | "function";
  readonly schema: string;
  readonly name: string;
  /** Types of the arguments of a function, as pg_restore's list writes them; empty for a view. */
  readonly arguments: string;
}

/** What a backup leaves out with `--without-snapshots`. */
export interface SnapshotExclusions {
  /** Whole schemas, as true names and as patterns of pg_dump. */
  readonly schemas: readonly string[];
  readonly schemaPatterns: readonly string[];
  /** Relations outside, as patterns of pg_dump (`--exclude-table`). */
  readonly tablePatterns: readonly string[];
  /** Objects outside by their true names; pg_dump has no pattern for functions, so an archive's TOC is filtered by them. */
  readonly objects: readonly OutsideObject[];
}

/**
 * What belongs to the installation: schema `backup`, the view and the function in `public` that read it. The function
 * has a text body and columns of built-in types: where it is left in, it restores without the schema.
 */
export function snapshotExclusions(): SnapshotExclusions {
  return {
    schemas: [SNAPSHOT_SCHEMA],
    schemaPatterns: [`"${SNAPSHOT_SCHEMA}"`],
    tablePatterns: [`"public"."backup_inventory_view"`],
    objects: [
      { kind: "view", schema: "public", name: "backup_inventory_view", arguments: "" },
      { kind: "function", schema: "public", name: "get_backup_tables", arguments: "" },
    ],
  };
}

/** Whether the database has a schema `backup` that carries our mark. */
export async function isSnapshotSchema(session: Session): Promise<boolean> {
  const [row] = await session.query<{ ours: boolean }>(
    `SELECT EXISTS (
       SELECT FROM pg_catalog.pg_namespace n
        WHERE n.nspname = $1 AND pg_catalog.left(pg_catalog.obj_description(n.oid, 'pg_namespace'), $2::int4) = $3
     ) AS ours`,
    [SNAPSHOT_SCHEMA, SNAPSHOT_MARKER.length, SNAPSHOT_MARKER],
  );
  return row?.ours === true;
}
