import {
  openSession,
  parseConnectionString,
  type PinnedTarget,
  pinTarget,
  type Session,
} from "../../lib/connection/mod.ts";
import { type CreateOptions, createSnapshots, installSnapshots, type SnapshotRow } from "../../lib/snapshot/mod.ts";
import type { TestDatabase } from "../../scripts/test_server.ts";

/** The target of a test database. */
export function targetOf(url: string): Promise<PinnedTarget> {
  return pinTarget(parseConnectionString(url, { environment: "test", source: "the test", env: {} }));
}

/** A session in a database with snapshots installed. */
export async function installed(database: TestDatabase): Promise<Session> {
  const session = await openSession(await targetOf(database.url));
  await installSnapshots(session);
  return session;
}

/** Makes copies with everything ordinary but what the test says. */
export function create(
  session: Session,
  tables: readonly string[],
  change: Partial<CreateOptions> = {},
): Promise<SnapshotRow[]> {
  return createSnapshots(session, {
    tables,
    reason: "test",
    kind: "pre-migration",
    ticket: null,
    requestedBy: null,
    withIndexes: false,
    withHash: false,
    maxBytes: null,
    lockTimeout: 2_000,
    freeBytes: null,
    setName: "set",
    ...change,
  });
}

/** The one copy of one table. */
export async function createOne(
  session: Session,
  table: string,
  change: Partial<CreateOptions> = {},
): Promise<SnapshotRow> {
  const [row] = await create(session, [table], change);
  if (row === undefined) throw new Error("nothing was made");
  return row;
}

/** All user tables that are no partitions, qualified and quoted. */
export async function allTables(session: Session): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
        AND n.nspname NOT IN ('backup', 'information_schema') ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Waits until a statement of others waits for a lock. */
export async function untilWaiting(session: Session): Promise<void> {
  const end = performance.now() + 120_000;
  while (performance.now() < end) {
    const [row] = await session.query<{ waiting: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.wait_event_type = 'Lock'
                       AND a.datname = pg_catalog.current_database()) AS waiting`,
    );
    if (row?.waiting === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("nobody waits for a lock");
}
