import type { Session } from "./session_contract.ts";

/** Connections of a server, as one role sees them. */
export interface ConnectionSlots {
  /** `max_connections`. */
  readonly maxConnections: number;
  /** Kept back from this role: superuser_reserved_connections and, from 16 on, reserved_connections. */
  readonly reserved: number;
  /** Client connections at the moment, the asking session included. */
  readonly used: number;
  /** How many more this role may open: the least of what server, role and database leave. Never negative. */
  readonly free: number;
  /** Limit of the role or the database, or of a Supabase session pooler, whichever is least. */
  readonly limit?: number;
}

/** Clients of Supabase's session pooler, all together, unless its pool size was raised. */
export const SESSION_POOLER_LIMIT = 15;

// backend_type is hidden from roles without pg_read_all_stats; workers of parallel queries then count as clients.
const SLOTS = `
SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS max,
  pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
    + COALESCE(pg_catalog.current_setting('reserved_connections', true), '0')::pg_catalog.int4 AS reserved,
  r.rolsuper AS super, r.rolconnlimit AS role_limit, d.datconnlimit AS database_limit, a.*
FROM pg_catalog.pg_roles AS r, pg_catalog.pg_database AS d,
  (SELECT pg_catalog.count(*)::pg_catalog.int4 AS used,
     (pg_catalog.count(*) FILTER (WHERE usename = SESSION_USER))::pg_catalog.int4 AS used_by_role,
     (pg_catalog.count(*) FILTER (WHERE datname = pg_catalog.current_database()))::pg_catalog.int4 AS used_by_database
   FROM pg_catalog.pg_stat_activity
   WHERE backend_type = 'client backend' OR (backend_type IS NULL AND datid IS NOT NULL)) AS a
WHERE r.rolname = SESSION_USER AND d.datname = pg_catalog.current_database()`;

interface SlotsRow {
  readonly max: number;
  readonly reserved: number;
  readonly super: boolean;
  readonly role_limit: number;
  readonly database_limit: number;
  readonly used: number;
  readonly used_by_role: number;
  readonly used_by_database: number;
}

/** Reads how many connections the server has and how many of them this role may still open. */
export async function readSlots(session: Session): Promise<ConnectionSlots> {
  const [row] = await session.query<SlotsRow>(SLOTS);
  if (row === undefined) throw new Error("pg_roles has no row for the session's user");
  const reserved = row.super ? 0 : row.reserved;
  const limits: { limit: number; used: number }[] = [];
  if (!row.super && row.role_limit >= 0) limits.push({ limit: row.role_limit, used: row.used_by_role });
  if (!row.super && row.database_limit >= 0) limits.push({ limit: row.database_limit, used: row.used_by_database });
  if (session.target.kind === "supabase_session_pooler") {
    limits.push({ limit: SESSION_POOLER_LIMIT, used: row.used_by_role });
  }
  const free = Math.min(row.max - reserved - row.used, ...limits.map(({ limit, used }) => limit - used));
  return {
    maxConnections: row.max,
    reserved,
    used: row.used,
    free: Math.max(0, free),
    ...(limits.length === 0 ? {} : { limit: Math.min(...limits.map(({ limit }) => limit)) }),
  };
}
