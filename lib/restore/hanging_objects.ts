import type { Session } from "../connection/mod.ts";
import type { TargetFacts } from "./target_facts.ts";

const HANGING = `
SELECT pg_catalog.format('POLICY %I ON %I.%I', p.polname, n.nspname, c.relname) AS key
FROM pg_catalog.pg_policy AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
UNION ALL
SELECT pg_catalog.format('TRIGGER %I ON %I.%I', t.tgname, n.nspname, c.relname)
FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal`;

/** Policies and triggers of a Supabase target, as `hangingKey` writes them; elsewhere nobody asks. */
export async function readHanging(session: Session, facts: TargetFacts): Promise<ReadonlySet<string>> {
  if (!facts.supabase) return new Set();
  return new Set((await session.query<{ key: string }>(HANGING)).map(({ key }) => key));
}
