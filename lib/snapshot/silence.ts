import { quoteIdentifier } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";

/** Statements that keep triggers and rules of a table from acting, and those that bring each back as it was. */
export interface Silence {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const STATES: Readonly<Record<string, string>> = { O: "ENABLE", R: "ENABLE REPLICA", A: "ENABLE ALWAYS" };

/** User-defined triggers and rules of a table and its partitions that are on. Foreign keys' own triggers are not among them. */
export async function planSilence(session: Session, table: string): Promise<Silence> {
  const rows = await session.query<{ relation: string; kind: "TRIGGER" | "RULE"; name: string; state: string }>(
    `WITH tree AS (SELECT $1::oid AS oid UNION SELECT t.relid::oid FROM pg_catalog.pg_partition_tree($1::oid) t)
     SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation, x.kind, x.name, x.state
       FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN LATERAL (
         SELECT 'TRIGGER' AS kind, g.tgname::text AS name, g.tgenabled::text AS state FROM pg_catalog.pg_trigger g
          WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D'
         UNION ALL
         SELECT 'RULE', r.rulename::text, r.ev_enabled::text FROM pg_catalog.pg_rewrite r
          WHERE r.ev_class = c.oid AND r.ev_enabled <> 'D' AND r.ev_type <> '1') AS x`,
    [table],
  );
  const alter = (relation: string, action: string, kind: string, name: string) =>
    `ALTER TABLE ONLY ${relation} ${action} ${kind} ${quoteIdentifier(name)}`;
  return {
    before: rows.map(({ relation, kind, name }) => alter(relation, "DISABLE", kind, name)),
    after: rows.map(({ relation, kind, name, state }) => alter(relation, STATES[state] ?? "ENABLE", kind, name)),
  };
}

/**
 * Tries to act as a replica until the end of the transaction: foreign keys then neither check nor cascade. Superusers
 * may, `postgres` on Supabase too, others where it was granted (15+).
 */
export async function becomeReplica(session: Session): Promise<boolean> {
  await session.execute("SAVEPOINT pgstrata_replica");
  try {
    await session.execute("SET LOCAL session_replication_role = replica");
    await session.execute("RELEASE SAVEPOINT pgstrata_replica");
    return true;
  } catch (error) {
    if ((error as { sqlstate?: string }).sqlstate !== "42501") throw error;
    await session.execute("ROLLBACK TO SAVEPOINT pgstrata_replica");
    return false;
  }
}
